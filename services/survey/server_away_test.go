package survey_test

import (
	"context"
	"net/url"
	"path"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// A reader that meets a database gone away is told to try again, not that we
// made a mistake; and once it is back, the same server answers.
func TestReadersAreToldThatTheDatabaseIsAway(t *testing.T) {
	at := sqldbtest.Postgres(t)
	c := &clock{now: start}
	r := newReplica(t, at, "", c.Now)
	define(t, r)
	submit(t, r, "before", response("n1", 9))
	away := door(t, at)
	away(true)
	ctx := t.Context()
	reads := map[string]func() error{
		"metric": func() error {
			_, err := r.GetMetric(ctx, &surveyv1.GetMetricRequest{Brand: brand, Metric: "csi.visit"})
			return err
		},
		"compare": func() error {
			side := &surveyv1.MetricSide{Scope: &surveyv1.Scope{SurveyIds: []string{"visit"}}}
			_, err := r.CompareMetric(ctx, &surveyv1.CompareMetricRequest{Brand: brand, Metric: "csi.queue", A: side, B: side})
			return err
		},
		"ranking": func() error {
			_, err := r.RankSubjects(ctx, &surveyv1.RankSubjectsRequest{Brand: brand, Metric: "nps.network", Kind: network.GetKind()})
			return err
		},
		"list": func() error {
			_, err := r.ListResponses(ctx, &surveyv1.ListResponsesRequest{Brand: brand})
			return err
		},
		"cases": func() error {
			_, err := r.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: brand})
			return err
		},
	}
	for name, read := range reads {
		if err := read(); status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %v, want Unavailable", name, err)
		}
	}
	away(false)
	for name, read := range reads {
		// A connection that was cut off may be met once more: to try again is the answer.
		err := read()
		for end := time.Now().Add(10 * time.Second); status.Code(err) == codes.Unavailable && time.Now().Before(end); err = read() {
			time.Sleep(10 * time.Millisecond)
		}
		if err != nil {
			t.Errorf("%s, after it came back: %v", name, err)
		}
	}
}

// door shuts a database to all, and throws out those within; or opens it.
func door(t *testing.T, at string) func(shut bool) {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	name := path.Base(u.Path)
	u.Path = "/postgres"
	keeper := sqldbtest.Open(t, u.String())
	return func(shut bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
		defer cancel()
		err := keeper.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE pg_database SET datallowconn = $2 WHERE datname = $1", name, !shut)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if !shut {
			return
		}
		var n int
		err = keeper.QueryRow(ctx, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1", name).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
	}
}
