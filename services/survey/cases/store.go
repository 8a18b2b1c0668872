package cases

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// lock makes every other change of the brand's cases wait until tx ends, and
// gives the last case's number. It must come before tx reads any case.
func lock(ctx context.Context, tx *sqldb.Tx, brand string) (last int64, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO case_head (brand, last_id, changes) VALUES ($1, 0, 0)
ON CONFLICT (brand) DO UPDATE SET last_id = case_head.last_id RETURNING last_id`, brand).Scan(&last)
	if err != nil {
		return 0, fmt.Errorf("lock cases of %s: %w", brand, err)
	}
	return last, nil
}

// revision counts the transactions that changed cases of the brand.
func revision(ctx context.Context, q sqldb.Querier, brand string) (n int64, err error) {
	err = q.QueryRow(ctx, "SELECT changes FROM case_head WHERE brand = $1", brand).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read revision of cases: %w", err)
	}
	return n, nil
}

// columns of a case, as scan reads them.
const columns = `f.id, f.state, f.cause, f.queue, f.person_key, f.response, f.survey_id, f.channel, f.customer_id,
f.score, f.comment, f.assignee, f.opened_at, f.due_at, f.resolved_at, f.root_cause, f.reopened, f.revision,
f.clock_micros, f.business_micros, f.live, f.notes, f.detail`

// scan reads one case; before are destinations of columns in front of it.
func scan(rows *sql.Rows, before ...any) (*file, error) {
	f := &file{Case: &surveyv1.Case{}}
	c := f.Case
	var openedAt, dueAt, resolvedAt, clock, business int64
	var score int32
	var detail []byte
	err := rows.Scan(append(before, &f.id, &c.State, &c.Cause, &c.Queue, &f.key, &f.response, &c.SurveyId, &c.Channel,
		&c.CustomerId, &score, &c.Comment, &c.Assignee, &openedAt, &dueAt, &resolvedAt, &c.RootCause, &c.Reopened,
		&c.Revision, &clock, &business, &f.live, &f.written, &detail)...)
	if err != nil {
		return nil, fmt.Errorf("read case: %w", err)
	}
	if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(detail, c); err != nil {
		return nil, fmt.Errorf("read case %d: %w", f.id, err)
	}
	c.Id = strconv.FormatInt(f.id, 10)
	c.OpenedAt, c.DueAt = stamp(openedAt), stamp(dueAt)
	if resolvedAt != 0 {
		c.ResolvedAt = stamp(resolvedAt)
	}
	if score >= 0 {
		c.Score = &score
	}
	f.clock, f.business = time.Duration(clock)*time.Microsecond, time.Duration(business)*time.Microsecond
	return f, nil
}

func stamp(micros int64) *timestamppb.Timestamp { return timestamppb.New(time.UnixMicro(micros)) }

// each calls fn for every case a query finds; before as in scan.
func each(ctx context.Context, q sqldb.Querier, fn func(*file), before []any, query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read cases: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		f, err := scan(rows, before...)
		if err != nil {
			return err
		}
		fn(f)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read cases: %w", err)
	}
	return nil
}

// load reads one case; nil if there is none.
func load(ctx context.Context, q sqldb.Querier, brand string, id int64) (*file, error) {
	var found *file
	err := each(ctx, q, func(f *file) { found = f }, nil,
		"SELECT "+columns+" FROM case_file f WHERE f.brand = $1 AND f.id = $2", brand, id)
	return found, err
}

// chunk is how many keys one look-up takes: a fixed number, so that there is
// one text to prepare.
const chunk = 32

// perKey repeats a query for each key of a chunk; the key is its $2.
func perKey(query string) string {
	arms := make([]string, chunk)
	for i := range arms {
		arms[i] = strings.ReplaceAll(query, "$2", "$"+strconv.Itoa(i+2))
	}
	return strings.Join(arms, " UNION ALL ")
}

// These two run while an import makes their tables grow from nothing, before
// the first ANALYZE, when PostgreSQL's plans are guesses. Written as one IN (…)
// they read the whole brand; and the plan of a prepared text, made while the
// tables were empty, reads any index. So: a probe per key, and a mark that makes
// the text a new one, planned afresh, each time the brand's cases have doubled.
var (
	unresolvedByPerson = perKey("SELECT " + columns + ` FROM case_file f
WHERE f.brand = $1 AND f.state <> 3 AND f.person_key = $2`)
	casesByResponse = perKey("SELECT r.response, " + columns + ` FROM case_response r
JOIN case_file f ON f.brand = r.brand AND f.id = r.case_id WHERE r.brand = $1 AND r.response = $2`)
)

// doubled is that mark; last is the number of the brand's last case.
func doubled(last int64) string { return fmt.Sprintf("/* 2^%d cases */ ", bits.Len64(uint64(last))) }

// inChunks calls fn with the arguments of one look-up after the other: brand
// and chunk keys, filled up with none, which no row has.
func inChunks[K any](brand string, keys []K, none K, fn func(args []any) error) error {
	for len(keys) > 0 {
		args := append(make([]any, 0, chunk+1), brand)
		for i := range chunk {
			if i < len(keys) {
				args = append(args, keys[i])
			} else {
				args = append(args, none)
			}
		}
		if err := fn(args); err != nil {
			return err
		}
		keys = keys[min(chunk, len(keys)):]
	}
	return nil
}

// unresolvedOf calls fn for the cases of some people that are not resolved.
func unresolvedOf(ctx context.Context, q sqldb.Querier, brand string, last int64, keys [][]byte, fn func(*file)) error {
	return inChunks(brand, keys, []byte{}, func(args []any) error {
		return each(ctx, q, fn, nil, doubled(last)+unresolvedByPerson, args...)
	})
}

// casesOf calls fn for each pair of a response and a case it belongs to.
func casesOf(ctx context.Context, q sqldb.Querier, brand string, last int64, responses []int64, fn func(response int64, f *file)) error {
	return inChunks(brand, responses, 0, func(args []any) error {
		var response int64
		return each(ctx, q, func(f *file) { fn(response, f) }, []any{&response}, doubled(last)+casesByResponse, args...)
	})
}

// otherOf is the case of the same person and cause that is not resolved; 0 if
// there is none.
func otherOf(ctx context.Context, q sqldb.Querier, brand string, f *file) (id int64, err error) {
	err = q.QueryRow(ctx, `SELECT id FROM case_file
WHERE brand = $1 AND person_key = $2 AND cause = $3 AND state <> 3 AND id <> $4`, brand, f.key, f.Cause, f.id).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("look for another case: %w", err)
	}
	return id, nil
}

// noteByRequest is the note an idempotency key wrote, and to which case; 0 if
// the key is new.
func noteByRequest(ctx context.Context, q sqldb.Querier, brand, request string) (id int64, author, text string, err error) {
	err = q.QueryRow(ctx, `SELECT case_id, author, text FROM case_note
WHERE brand = $1 AND request_id = $2 AND request_id <> ''`, brand, request).Scan(&id, &author, &text)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, "", "", fmt.Errorf("look for note of request: %w", err)
	}
	return id, author, text, nil
}

// lastStep is the latest step that changed the case's state.
func lastStep(ctx context.Context, q sqldb.Querier, brand string, id int64) (s step, err error) {
	err = q.QueryRow(ctx, `SELECT step, author, text FROM case_note
WHERE brand = $1 AND case_id = $2 AND step IN (1, 5, 7, 8) ORDER BY n DESC LIMIT 1`, brand, id).
		Scan(&s.kind, &s.author, &s.text)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("read last step of case %d: %w", id, err)
	}
	return s, nil
}

// maxNotes and maxResponses bound what a case shows: the newest ones.
const (
	maxNotes     = 200
	maxResponses = 100
)

// notes reads the newest notes of a case, oldest first.
func notes(ctx context.Context, q sqldb.Querier, brand string, f *file) ([]*surveyv1.CaseNote, error) {
	rows, err := q.Query(ctx, `SELECT at, author, text, state FROM case_note
WHERE brand = $1 AND case_id = $2 AND n > $3 ORDER BY n`, brand, f.id, f.written-maxNotes)
	if err != nil {
		return nil, fmt.Errorf("read notes of case %d: %w", f.id, err)
	}
	defer rows.Close()
	var list []*surveyv1.CaseNote
	for rows.Next() {
		var at int64
		n := &surveyv1.CaseNote{}
		if err := rows.Scan(&at, &n.Author, &n.Text, &n.State); err != nil {
			return nil, fmt.Errorf("read notes of case %d: %w", f.id, err)
		}
		n.At = stamp(at)
		list = append(list, n)
	}
	return list, rows.Err()
}

// inSubject is a condition on case_file f: cases of responses that count in the
// subject, whose kind and id are the two arguments it appends.
func inSubject(subject *commonv1.SubjectRef, args []any) (string, []any) {
	n := len(args)
	return fmt.Sprintf(` AND f.id IN (SELECT s.case_id FROM case_subject s
WHERE s.brand = $1 AND s.kind = $%d AND s.subject = $%d)`, n+1, n+2),
		append(args, int64(subject.GetKind()), subject.GetId())
}

// inAny is a condition on case_file f: cases of responses that count in any of the
// subjects.
func inAny(subjects []*commonv1.SubjectRef, args []any) (string, []any) {
	pairs := make([]string, len(subjects))
	for i, one := range subjects {
		pairs[i] = fmt.Sprintf("s.kind = $%d AND s.subject = $%d", len(args)+1, len(args)+2)
		args = append(args, int64(one.GetKind()), one.GetId())
	}
	return " AND f.id IN (SELECT s.case_id FROM case_subject s WHERE s.brand = $1 AND (" + strings.Join(pairs, " OR ") + "))", args
}

// Counts tells whether there is a case of this id whose responses count in any of the
// subjects.
func (d *Desk) Counts(ctx context.Context, brand, id string, subjects []*commonv1.SubjectRef) (there bool, err error) {
	number, _ := strconv.ParseInt(id, 10, 64) // of what is no number there is no case
	if number <= 0 || len(subjects) == 0 {
		return false, nil
	}
	where, args := inAny(subjects, []any{brand, number})
	err = d.db.Read(ctx, func(tx *sqldb.Tx) error {
		var n int64
		query := "SELECT COUNT(*) FROM case_file f WHERE f.brand = $1 AND f.id = $2" + where
		if err := tx.QueryRow(ctx, query, args...).Scan(&n); err != nil {
			return fmt.Errorf("look for case: %w", err)
		}
		there = n > 0
		return nil
	})
	return there, err
}

// aboutResponses is a condition on case_file f: cases about any of the responses. An
// id that is no number is no response's.
func aboutResponses(ids []string, args []any) (string, []any) {
	numbers := make([]int64, len(ids))
	for i, id := range ids {
		numbers[i], _ = strconv.ParseInt(id, 10, 64)
	}
	list, more := sqldb.In(len(args)+1, numbers)
	return " AND f.id IN (SELECT r.case_id FROM case_response r WHERE r.brand = $1 AND r.response IN (" + list + "))", append(args, more...)
}
