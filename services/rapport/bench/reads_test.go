package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/hot/hottest"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// BenchmarkReads compares repeated questions with an echo and with an empty
// call behind the same steps, by where the answer lies.
func BenchmarkReads(b *testing.B) {
	pg, redis := sqldbtest.PostgresDurable(b), hottest.Redis(b)
	suite := func(more ...string) *process {
		return launch(b, "suite", append(more, "BENCH_DB="+pg, "BENCH_DATA="+dataDir(b), "BENCH_REDIS="+redis)...)
	}
	near := suite()
	chain(b, near)
	fill(b, near, size("BENCH_READS", 300_000))
	far := suite("BENCH_NO_NEAR=1")
	slabs := suite("BENCH_NO_RESULTS=1", "BENCH_NO_SLABS=1")
	folded := suite("BENCH_NO_RESULTS=1")
	all := []*scenario{
		empty(b, "E: echo", 64, launch(b, "echo")),
		empty(b, "empty call behind the same steps", 64, near),
		asks(b, "GetMetric of the brand, near cache", 64, near, nil, lately()),
		asks(b, "GetMetric of a region between dates, near cache", 64, near, region, month()),
		asks(b, "GetMetric of the brand, result in Redis only", 64, far, nil, lately()),
		asks(b, "GetMetric of a region, slabs in memory", 64, folded, region, month()),
		asks(b, "GetMetric of a store, 30 days, slabs in Redis only, 1 caller", 1, slabs, oneStore, month()),
	}
	for b.Loop() {
		measure(b, all)
	}
	table("GetMetric over 30 days, 64 callers", all)
	table("the same, E being the empty call behind the same steps", all[1:])
}

var shared string

// dataDir holds the secret that replicas share.
func dataDir(tb testing.TB) string {
	if shared == "" {
		shared = tb.TempDir()
	}
	return shared
}

var (
	region   = &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: "3"}
	oneStore = &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s0007"}
)

// month is the window of 30 days that ends with the newest day of history.
func month() *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{
		Start: lastDay.AddDate(0, 0, -29).Format(time.DateOnly), End: lastDay.AddDate(0, 0, 1).Format(time.DateOnly),
	}}}
}

// lately is the window of days, today included, that reaches into history.
func lately() *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: int32(time.Since(lastDay).Hours()/24) + 30}}
}

// asks repeats one question about a subject, or about the whole brand.
func asks(tb testing.TB, name string, callers int, p *process, subject *commonv1.SubjectRef, w *surveyv1.Window) *scenario {
	in := &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps.network", Window: w}
	if subject != nil {
		in.Scope = &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{subject}}
	}
	return &scenario{name: name, callers: callers, servers: []*process{p}, conns: p.dial(tb, min(callers, connections)),
		do: func(ctx context.Context, c *grpc.ClientConn, _ int64) error {
			out, err := surveyv1.NewSurveyServiceClient(c).GetMetric(ctx, in)
			if err == nil && out.GetTotal().GetN() == 0 {
				return fmt.Errorf("no answers")
			}
			return err
		}}
}

// BenchmarkRanking ranks 1,000 stores over 30 days with one million and ten
// million responses stored, beside the same question in SQL.
func BenchmarkRanking(b *testing.B) {
	sizes := []int{size("BENCH_RANK_SMALL", 1_000_000), size("BENCH_RANK_LARGE", 10_000_000)}
	var all []*scenario
	for i, n := range sizes {
		pg := sqldbtest.PostgresDurable(b)
		p := launch(b, "suite", "BENCH_DB="+pg, "BENCH_DATA="+b.TempDir(), "BENCH_NO_RESULTS=1")
		chain(b, p)
		rate, most := fill(b, p, n)
		fmt.Printf("%d responses imported at %.0f/s, at most %d MiB resident\n", n, rate, most)
		ranked := ranks(b, fmt.Sprintf("rank 1,000 stores, %d responses", n), p)
		start := time.Now()
		if err := ranked.do(context.Background(), ranked.conns[0], 0); err != nil {
			b.Fatal(err)
		}
		fmt.Printf("cold: %v\n", time.Since(start))
		all = append(all, ranked)
		if i == len(sizes)-1 {
			all = append(all, ranksBySQL(b, pg))
		}
	}
	for b.Loop() {
		measure(b, all)
	}
	table("league table of 30 days, result cache off, 1 caller", all)
	for _, s := range all {
		for _, p := range s.servers {
			fmt.Printf("%s: %d MiB resident\n", s.name, p.resident())
		}
	}
}

func ranks(tb testing.TB, name string, p *process) *scenario {
	in := &surveyv1.RankSubjectsRequest{Brand: "demo", Metric: "nps.network", Window: month(),
		Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, PageSize: 1000}
	return &scenario{name: name, callers: 1, servers: []*process{p}, conns: p.dial(tb, 1),
		do: func(ctx context.Context, c *grpc.ClientConn, _ int64) error {
			out, err := surveyv1.NewSurveyServiceClient(c).RankSubjects(ctx, in)
			if err == nil && len(out.GetSubjects()) != stores {
				return fmt.Errorf("%d stores ranked", len(out.GetSubjects()))
			}
			return err
		}}
}

// ranksBySQL puts the responses into a table of answers with an index by day,
// and sums and ranks there.
func ranksBySQL(b *testing.B, url string) *scenario {
	b.Helper()
	ctx := context.Background()
	db := sqldbtest.Open(b, url)
	n := size("BENCH_RANK_LARGE", 10_000_000)
	if err := db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "CREATE TABLE answer (day INT NOT NULL, store INT NOT NULL, channel INT NOT NULL, score INT NOT NULL)")
		return err
	}); err != nil {
		b.Fatal(err)
	}
	const page = 100_000
	for from := 0; from < n; from += page {
		if err := db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Insert(ctx, answers(from, min(from+page, n), n))
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "CREATE INDEX answer_day ON answer (day) INCLUDE (store, score)")
		return err
	}); err != nil {
		b.Fatal(err)
	}
	last := int(lastDay.Unix() / 86400)
	return &scenario{name: fmt.Sprintf("the same by SQL, %d rows", n), callers: 1, conns: []*grpc.ClientConn{nil},
		do: func(ctx context.Context, _ *grpc.ClientConn, _ int64) error {
			rows, err := db.Query(ctx, `SELECT store, count(*), 100.0 * (count(*) FILTER (WHERE score >= 9) - count(*) FILTER (WHERE score <= 6)) / count(*) AS nps
FROM answer WHERE day > $1 AND day <= $2 GROUP BY store ORDER BY nps DESC`, last-30, last)
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			count := 0
			for rows.Next() {
				count++
			}
			if count != stores {
				return fmt.Errorf("%d stores ranked by SQL", count)
			}
			return rows.Err()
		}}
}

// answers are the rows of the table for the same responses that fill sends.
func answers(from, to, n int) sqldb.Insert {
	days := max(1, n/perDay)
	day, store, channel, score := make([]int32, 0, to-from), make([]int32, 0, to-from), make([]int32, 0, to-from), make([]int32, 0, to-from)
	last := int(lastDay.Unix() / 86400)
	for i := from; i < to; i++ {
		h := uint64(i) * 0x9E3779B97F4A7C15
		day = append(day, int32(last-(days-1-i/perDay)))
		store, channel = append(store, int32(h>>32%stores)), append(channel, int32(1+h>>8%8))
		score = append(score, int32(h>>16%11))
	}
	return sqldb.Insert{Into: "answer", Columns: []sqldb.Column{
		{Name: "day", Data: day}, {Name: "store", Data: store}, {Name: "channel", Data: channel}, {Name: "score", Data: score},
	}}
}
