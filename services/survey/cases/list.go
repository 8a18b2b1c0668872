package cases

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/seal"
)

// position is the last case of a page.
type position struct {
	DueMicros int64
	ID        int64
}

const (
	defaultPage = 50
	maxPage     = 1000
)

// ListCases gives a page of cases, soonest due first. Pages follow (due, id),
// which never changes in a case: one that stays in the list is seen once.
func (d *Desk) ListCases(ctx context.Context, req *surveyv1.ListCasesRequest) (*surveyv1.ListCasesResponse, error) {
	if _, err := d.brand(req.GetBrand()); err != nil {
		return nil, err
	}
	query, err := fingerprint(req)
	if err != nil {
		return nil, err
	}
	var after position
	if req.GetPageToken() != "" {
		if err := d.tokens.ReadToken(req.GetPageToken(), &after, query); err != nil {
			return nil, badToken(err)
		}
	}
	size := int(req.GetPageSize())
	if size <= 0 {
		size = defaultPage
	}
	size = min(size, maxPage)
	now := d.clock()
	where, args := filter(req, now.UnixMicro())
	if req.GetPageToken() != "" {
		where += fmt.Sprintf(" AND (f.due_at, f.id) > ($%d, $%d)", len(args)+1, len(args)+2)
		args = append(args, after.DueMicros, after.ID)
	}
	out := &surveyv1.ListCasesResponse{}
	more := false
	err = each(ctx, d.db, func(f *file) {
		if more = len(out.Cases) == size; more {
			return
		}
		f.Overdue = f.isOverdue(now)
		out.Cases = append(out.Cases, f.Case)
		after = position{f.DueAt.AsTime().UnixMicro(), f.id}
	}, nil, "SELECT "+columns+" FROM case_file f WHERE "+where+
		" ORDER BY f.due_at, f.id LIMIT "+strconv.Itoa(size+1), args...)
	if err != nil || !more {
		return out, err
	}
	out.NextPageToken, err = d.tokens.Token(after, query)
	return out, err
}

// fingerprint is what a page token fits: the request without its place in the
// list.
func fingerprint(req *surveyv1.ListCasesRequest) ([]byte, error) {
	q := proto.CloneOf(req)
	q.PageToken, q.PageSize = "", 0
	packed, err := proto.MarshalOptions{Deterministic: true}.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("pack query: %w", err)
	}
	return append([]byte("ListCases\x00"), packed...), nil
}

func badToken(err error) error {
	e := fault.Invalid().Reason(commonv1.Reason_REASON_PAGE_TOKEN_INVALID).
		Field("page_token", "is damaged or belongs to another query").Err()
	if errors.Is(err, seal.ErrSeal) {
		return e
	}
	return fault.From(e).Because(err)
}

// filter is the condition of a list. Conditions on state that an index carries
// stand word for word as in the index: that is how engines recognise it.
func filter(req *surveyv1.ListCasesRequest, now int64) (where string, args []any) {
	where, args = "f.brand = $1"+states(req.GetStates()), []any{req.GetBrand()}
	with := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(condition, len(args))
	}
	if req.GetQueue() != "" {
		with(" AND f.queue = $%d", req.GetQueue())
	}
	if req.GetAssignee() != "" {
		with(" AND f.assignee = $%d", req.GetAssignee())
	}
	if req.GetOverdue() {
		with(" AND f.state <> 3 AND f.due_at < $%d", now)
	}
	if req.GetSubject() != nil {
		var in string
		in, args = inSubject(req.GetSubject(), args)
		where += in
	}
	return where, args
}

// states is the condition on state: none stated is all that waits.
func states(list []surveyv1.CaseState) string {
	var wanted []string
	seen := map[surveyv1.CaseState]bool{}
	for _, s := range list {
		if s == surveyv1.CaseState_CASE_STATE_UNSPECIFIED {
			return ""
		}
		if !seen[s] {
			seen[s] = true
			wanted = append(wanted, strconv.Itoa(int(s)))
		}
	}
	switch {
	case len(list) == 0, len(seen) == 2 && !seen[resolved]:
		return " AND f.state <> 3"
	case !seen[resolved]:
		return " AND f.state <> 3 AND f.state IN (" + strings.Join(wanted, ", ") + ")"
	}
	return " AND f.state IN (" + strings.Join(wanted, ", ") + ")"
}
