package board

import (
	"context"
	"fmt"
	"strings"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// maxTable bounds the lines of a table of cases: more than this nobody calls back.
const maxTable = 10_000

// casesTable is the whole list, whatever page is shown.
func (p *Pages) casesTable(ctx context.Context, s *scene) ([][]string, error) {
	out := [][]string{{"id", "state", "cause", "queue", "score", "channel", "subjects", "customer_id", "assignee", "opened_at", "due_at", "overdue", "resolved_at", "root_cause", "reopened", "comment", "as_of"}}
	if p.survey == nil {
		return nil, absentSurvey
	}
	in, now := s.casesQuestion(), p.cfg.Clock().UTC().Format("2006-01-02T15:04:05Z07:00")
	if s.queue.mine && s.queue.who == "" {
		return out, nil
	}
	in.PageSize, in.PageToken = leagueWhole, ""
	for len(out) < maxTable {
		list, err := p.survey.ListCases(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, c := range list.GetCases() {
			out = append(out, caseLine(c, now))
		}
		if in.PageToken = list.GetNextPageToken(); in.PageToken == "" {
			break
		}
	}
	return out, nil
}

func caseLine(c *surveyv1.Case, now string) []string {
	var about []string
	for _, ref := range c.GetSubjects() {
		about = append(about, subjectText(ref))
	}
	score, customer := "", ""
	if c.Score != nil {
		score = fmt.Sprint(c.GetScore())
	}
	if c.GetCustomerId() > 0 {
		customer = fmt.Sprint(c.GetCustomerId())
	}
	return []string{
		c.GetId(), strings.TrimPrefix(c.GetState().String(), "CASE_STATE_"), c.GetCause(), c.GetQueue(), score, strings.TrimPrefix(c.GetChannel().String(), "CHANNEL_"),
		strings.Join(about, " "), customer, c.GetAssignee(), shell.Instant(c.GetOpenedAt()), shell.Instant(c.GetDueAt()), fmt.Sprint(c.GetOverdue()),
		shell.Instant(c.GetResolvedAt()), c.GetRootCause(), fmt.Sprint(c.GetReopened()), c.GetComment(), now,
	}
}

// caseTable is what happened to the case.
func (p *Pages) caseTable(_ context.Context, s *scene) ([][]string, error) {
	out := [][]string{{"at", "author", "state", "text"}}
	for _, n := range s.file.got.GetNotes() {
		out = append(out, []string{shell.Instant(n.GetAt()), n.GetAuthor(), strings.TrimPrefix(n.GetState().String(), "CASE_STATE_"), n.GetText()})
	}
	return out, nil
}
