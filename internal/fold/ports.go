package fold

import (
	"context"

	"github.com/rapport-cx/rapport/internal/feed"
)

// Head is the end of a log.
type Head struct{ Seq, At, CommitID int64 }

func (h Head) cursor() feed.Cursor { return feed.Cursor{Seq: h.Seq, CommitID: h.CommitID} }

func headAt(f *feed.Fact) Head { return Head{Seq: f.Seq, At: f.At, CommitID: f.CommitID} }

// Log is what the engine asks of a service's log.
type Log struct {
	Head    func(ctx context.Context, brand string) (Head, error)
	Read    func(ctx context.Context, brand string, after int64, limit int) ([]feed.Fact, error)
	ReadDay func(ctx context.Context, brand string, day int32, after int64, fn func(*feed.Fact) error) error
	Defs    func(ctx context.Context, brand string, fn func(*feed.Fact) error) error
	Touched func(ctx context.Context, brand string, days []int32) ([]int64, error)
	Has     func(ctx context.Context, brand string, at feed.Cursor) (bool, error)
	Tail    func(ctx context.Context, brand string, fn func(Head) error) error
}
