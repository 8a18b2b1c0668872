package journey

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/journey/lake"
)

// newLake is the lake of all brands over the service's log.
func (s *Server) newLake(db *sqldb.DB, facts *feed.Log) *lake.Lake {
	return lake.New(lake.Config{
		Folder: s.config.Lake,
		Memory: int64(s.config.LakeMemory),
		Zone:   func(id string) *calendar.Zone { return s.brands[id].zone },
		People: func(id string) *people.Mapping { return s.brands[id].defined.Load().people.Now() },
	}, db, facts, s.clock, s.log)
}

// SealLake writes into the lake now what the background would write later.
func (s *Server) SealLake(ctx context.Context, in *journeyv1.SealLakeRequest) (*journeyv1.SealLakeResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	done, err := s.lake.Seal(ctx, b.ID, in.GetCompact())
	if err != nil {
		return nil, floor.Unavailable("seal the lake of "+b.ID, err)
	}
	return &journeyv1.SealLakeResponse{Files: int32(done.Files), Events: done.Events}, nil
}

// ListLakeFiles reads the manifest: the files that are live.
func (s *Server) ListLakeFiles(ctx context.Context, in *journeyv1.ListLakeFilesRequest) (*journeyv1.ListLakeFilesResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	files, err := s.lake.Files(ctx, b.ID)
	if err != nil {
		return nil, floor.Lost("list the lake of "+b.ID, err)
	}
	out := &journeyv1.ListLakeFilesResponse{Files: make([]*journeyv1.LakeFile, len(files))}
	for i, f := range files {
		out.Files[i] = &journeyv1.LakeFile{
			Path: f.Path, FirstDay: f.Days.From.String(), LastDay: (f.Days.Until - 1).String(), Bucket: f.Bucket,
			Events: f.Events, UptoSeq: f.UptoSeq, SizeBytes: f.Size, SealedAt: timestamppb.New(time.UnixMicro(f.SealedAt)),
		}
	}
	return out, nil
}
