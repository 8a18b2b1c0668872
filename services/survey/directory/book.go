// Package directory is a brand's definitions: the subjects that are rated and
// the structure they stand in, the metrics, the surveys with their versions, and
// the goals. It is a fold of the definition facts in log order and lives in
// memory on every replica; nothing here is read from a table.
//
// Numbers of subjects, metrics and surveys are given out in the order in which
// their first facts stand in the log, so that all replicas agree on them.
package directory

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// Book is one brand's directory, safe for concurrent use. What a method returns
// is shared and must not be changed.
type Book struct {
	mu      sync.RWMutex
	version int64

	subjects []*subject
	byRef    map[subjectKey]uint32
	metrics  []*Metric
	byMetric map[string]uint32
	surveys  []*Survey
	bySurvey map[string]uint32
	goals    map[goalKey]*surveyv1.Goal
}

// New returns the directory of a brand without facts; low.share is there always.
func New() *Book {
	b := &Book{
		byRef:    map[subjectKey]uint32{},
		byMetric: map[string]uint32{},
		bySurvey: map[string]uint32{},
		goals:    map[goalKey]*surveyv1.Goal{},
	}
	b.putMetric(lowShare())
	return b
}

// Version is the log number of the last definition fact folded. It is part of
// the key of whatever was answered with the help of this directory.
func (b *Book) Version() int64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.version
}

// Apply folds one definition fact; facts come in log order, others are passed over.
func (b *Book) Apply(f *feed.Fact) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f.Seq <= b.version {
		return nil
	}
	var err error
	switch f.Kind {
	case record.Subject:
		err = put(f, &surveyv1.Subject{}, b.putSubject)
	case record.Metric:
		err = put(f, &surveyv1.Metric{}, b.putMetric)
	case record.Survey:
		err = put(f, &surveyv1.Survey{}, b.putSurvey)
	case record.Goal:
		err = put(f, &surveyv1.SetGoalRequest{}, b.putGoal)
	default:
		return nil
	}
	if err == nil {
		b.version = f.Seq
	}
	return err
}

// put reads what a fact defines and hands it on.
func put[M proto.Message](f *feed.Fact, m M, into func(M)) error {
	if err := proto.Unmarshal(f.Body, m); err != nil {
		return fmt.Errorf("definition %d: %w", f.Seq, err)
	}
	into(m)
	return nil
}
