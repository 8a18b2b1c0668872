// Package segmentstest serves the members of segments from a membership log in
// memory, over gRPC, for tests of those who read them.
package segmentstest

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Server is the part of Segmentation that hands out members.
type Server struct {
	segmentationv1.UnimplementedSegmentationServiceServer
	Client segmentationv1.SegmentationServiceClient

	mu       sync.Mutex
	seq      int64
	at       time.Time
	segments map[string]*segment
	away     bool
	calls    int
	sent     int
}

type segment struct {
	version int32
	log     []change
}

// change is a fact of the log; a version's first has everybody in it.
type change struct {
	seq     int64
	day     string
	in, out []uint64
}

// New serves until the test ends.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{segments: map[string]*segment{}}
	line := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, in any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		out, err := next(ctx, in)
		return out, fault.Outgoing(err)
	}))
	segmentationv1.RegisterSegmentationServiceServer(server, s)
	go func() { _ = server.Serve(line) }()
	conn, err := grpc.NewClient("passthrough:segments", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return line.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	s.Client = segmentationv1.NewSegmentationServiceClient(conn)
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
	})
	return s
}

// Begin begins a version of a segment on a day (YYYY-MM-DD) with these members.
func (s *Server) Begin(id, day string, members ...uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.segments[id] == nil {
		s.segments[id] = &segment{}
	}
	s.segments[id].version++
	s.segments[id].log = nil
	s.append(id, change{day: day, in: members})
}

// Change lets members enter and leave on a day.
func (s *Server) Change(id, day string, in, out []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.append(id, change{day: day, in: in, out: out})
}

func (s *Server) append(id string, c change) {
	s.seq++
	c.seq = s.seq
	s.segments[id].log = append(s.segments[id].log, c)
}

// UpTo says up to which commit the log is.
func (s *Server) UpTo(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = at
}

// Away lets every call fail, or not.
func (s *Server) Away(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// Calls is how often members were asked for so far, and how often sent.
func (s *Server) Calls() (calls, sent int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls, s.sent
}

// GetSegmentBitmap is Segmentation's.
func (s *Server) GetSegmentBitmap(_ context.Context, in *segmentationv1.GetSegmentBitmapRequest) (*segmentationv1.GetSegmentBitmapResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.away {
		return nil, fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "away")
	}
	segment := s.segments[in.GetSegmentId()]
	if segment == nil {
		return nil, fault.NotFound(commonv1.Reason_REASON_SEGMENT_UNKNOWN, "segment %q", in.GetSegmentId())
	}
	set := roaring64.New()
	out := &segmentationv1.GetSegmentBitmapResponse{Version: segment.version, AsOf: timestamppb.New(s.at)}
	for _, c := range segment.log {
		if in.GetDay() != "" && c.day > in.GetDay() {
			break
		}
		out.Seq = c.seq
		set.AddMany(c.in)
		for _, n := range c.out {
			set.Remove(n)
		}
	}
	if out.Unchanged = out.GetSeq() == in.GetKnownSeq(); out.GetUnchanged() {
		return out, nil
	}
	s.sent++
	var err error
	out.Bitmap, err = set.ToBytes()
	return out, err
}
