package cases

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/internal/sqldb"
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
	files, err := d.page(ctx, req, now.UnixMicro(), after, size+1)
	if err != nil {
		return nil, err
	}
	out := &surveyv1.ListCasesResponse{}
	for _, f := range files[:min(size, len(files))] {
		f.Overdue = f.isOverdue(now)
		out.Cases = append(out.Cases, f.Case)
		after = f.position()
	}
	if len(files) > size {
		out.NextPageToken, err = d.tokens.Token(after, query)
	}
	return out, err
}

func (f *file) position() position { return position{f.DueAt.AsTime().UnixMicro(), f.id} }

// page reads up to n cases behind a position. What waits and what is resolved
// come from an index each and are merged.
func (d *Desk) page(ctx context.Context, req *surveyv1.ListCasesRequest, now int64, after position, n int) ([]*file, error) {
	var files []*file
	err := d.db.Read(ctx, func(tx *sqldb.Tx) error {
		files = nil // it may run twice
		for _, state := range states(req.GetStates()) {
			where, args := filter(req, state, now)
			if after != (position{}) {
				where += fmt.Sprintf(" AND (f.due_at, f.id) > ($%d, $%d)", len(args)+1, len(args)+2)
				args = append(args, after.DueMicros, after.ID)
			}
			query := "SELECT " + columns + " FROM case_file f WHERE " + where +
				" ORDER BY " + order(req) + " LIMIT " + strconv.Itoa(n)
			if err := each(ctx, tx, func(f *file) { files = append(files, f) }, nil, query, args...); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(files, func(a, b *file) int {
		return cmp.Or(cmp.Compare(a.position().DueMicros, b.position().DueMicros), cmp.Compare(a.id, b.id))
	})
	return files, err
}

// order is (due, id). The plus keeps SQLite, which knows nothing of how much
// there is of anything, from walking all that waits in search of one store's
// few, or of one customer's. A region or the network has much of it: there
// walking in order is right.
func order(req *surveyv1.ListCasesRequest) string {
	if req.GetSubject().GetKind() > commonv1.SubjectKind_SUBJECT_KIND_REGION || len(req.GetResponseIds()) > 0 ||
		len(req.GetWithin()) == 1 && req.GetWithin()[0].GetKind() > commonv1.SubjectKind_SUBJECT_KIND_REGION {
		return "+f.due_at, f.id"
	}
	return "f.due_at, f.id"
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

// filter is the condition of a list. Conditions on state stand word for word as
// in the index that carries them: that is how engines recognise it.
func filter(req *surveyv1.ListCasesRequest, state string, now int64) (where string, args []any) {
	where, args = "f.brand = $1 AND "+state, []any{req.GetBrand()}
	with := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(condition, len(args))
	}
	if req.GetQueue() != "" {
		with(" AND f.queue = $%d", req.GetQueue())
	}
	if req.GetCause() != "" {
		with(" AND f.cause = $%d", req.GetCause())
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
	if len(req.GetWithin()) > 0 {
		var in string
		in, args = inAny(req.GetWithin(), args)
		where += in
	}
	if len(req.GetResponseIds()) > 0 {
		var in string
		in, args = aboutResponses(req.GetResponseIds(), args)
		where += in
	}
	return where, args
}

// states are the conditions on state that together are what is asked for: one
// for what waits, one for what is resolved. None stated is all that waits.
func states(list []surveyv1.CaseState) (conditions []string) {
	if len(list) == 0 {
		list = []surveyv1.CaseState{open, claimed}
	}
	wanted := map[surveyv1.CaseState]bool{}
	for _, s := range list {
		wanted[s] = true
	}
	all := wanted[surveyv1.CaseState_CASE_STATE_UNSPECIFIED]
	switch {
	case all || wanted[open] && wanted[claimed]:
		conditions = append(conditions, "f.state <> 3")
	case wanted[open]:
		conditions = append(conditions, "f.state <> 3 AND f.state = 1")
	case wanted[claimed]:
		conditions = append(conditions, "f.state <> 3 AND f.state = 2")
	}
	if all || wanted[resolved] {
		conditions = append(conditions, "f.state = 3")
	}
	return conditions
}
