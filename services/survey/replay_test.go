package survey_test

import (
	"fmt"
	"sync"
	"testing"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// TestAReplayIsCountedWhereItIsTold: the first submit went to another replica,
// which this one may not have caught up with.
func TestAReplayIsCountedWhereItIsTold(t *testing.T) {
	url := sqldbtest.Postgres(t)
	c := &clock{now: start}
	one := newReplica(t, url, "", c.Now)
	define(t, one)
	other := newReplica(t, url, "", c.Now)
	nps(t, other, nil) // it holds the day's fold, and must move it
	for i := range 30 {
		id := fmt.Sprint(i)
		submit(t, one, id, response("n1", 9))
		if again := submit(t, other, id, response("n1", 9)); !again.GetReplayed() {
			t.Fatalf("again = %v, want a replay", again)
		}
		if n := nps(t, other, nil).GetN(); n != int64(i+1) {
			t.Fatalf("after a replay told by this replica n = %d, want %d", n, i+1)
		}
	}
}

// TestPagesOfARankingAreNotChangedByTheirReaders: a cached page is shared, its
// token is each caller's own.
func TestPagesOfARankingAreNotChangedByTheirReaders(t *testing.T) {
	c := &clock{now: start}
	r := newReplica(t, sqldbtest.SQLite(t), "", c.Now)
	define(t, r)
	for i, id := range []string{"n1", "s1", "m1"} {
		submit(t, r, fmt.Sprint(i), response(id, int32(8+i%3)))
	}
	ask := func(token string) *surveyv1.RankSubjectsResponse {
		out, err := r.RankSubjects(t.Context(), &surveyv1.RankSubjectsRequest{Brand: brand, Metric: "nps.network",
			Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, PageSize: 1, PageToken: token})
		if err != nil {
			t.Error(err)
		}
		return out
	}
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for range 50 {
				first := ask("")
				if second := ask(first.GetNextPageToken()); len(second.GetSubjects()) != 1 || second.GetSubjects()[0].GetRank() != 2 {
					t.Errorf("behind the first page comes %v", second)
					return
				}
			}
		})
	}
	readers.Wait()
}
