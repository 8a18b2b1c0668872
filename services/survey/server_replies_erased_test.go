package survey_test

import (
	"bytes"
	"testing"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// What was replied to somebody who is erased may name him: no version of it is left, nor
// why it was withheld, and nothing more can be said to him. What was replied to others
// stays.
func TestRepliesToWhoIsErased(t *testing.T) {
	eachBeside(t, func(t *testing.T, r *replica, near segmentationv1.SegmentationServiceClient, c *clock, url string) {
		answer := func(key, address, text string) string {
			l := makeLink(t, r, key, byMail(address))
			finish(t, r, l, "", scoreOf("nps", 1), textOf("why", text))
			for _, got := range listed(t, r) {
				for _, a := range got.GetAnswers() {
					if a.GetText() == text {
						return got.GetId()
					}
				}
			}
			t.Fatalf("no response says %q", text)
			return ""
		}
		anna, boris := answer("1", "anna@example.com", "Sofronova, Lesnaya 5"), answer("2", "boris@example.com", "nothing")
		for _, text := range []string{"Dear Ms Sofronova, we called.", "Dear Ms Sofronova, we mended it."} {
			if _, err := replying(r, t, anna, "n1", text, 0); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.ModerateReply(t.Context(), &surveyv1.ModerateReplyRequest{
			Brand: brand, ResponseId: anna, Subject: store("n1"), Withheld: true, Reason: "names Sofronova"}); err != nil {
			t.Fatal(err)
		}
		if _, err := replying(r, t, boris, "n1", "Dear Boris.", 0); err != nil {
			t.Fatal(err)
		}
		if n := holding(t, url, "Sofronova"); n != 4 {
			t.Fatalf("%d facts hold the name before, want the answer, two replies and a decision", n)
		}
		one, err := r.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Brand: brand, Id: anna})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := near.EraseCustomer(t.Context(), &segmentationv1.EraseCustomerRequest{Brand: brand, Id: one.GetResponse().GetCustomer().GetId()}); err != nil {
			t.Fatal(err)
		}
		stream, err := r.WatchResponses(t.Context(), &surveyv1.WatchResponsesRequest{Brand: brand})
		if err != nil {
			t.Fatal(err)
		}
		for holding(t, url, "Sofronova") > 0 { // the erasure restates the response
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
		}
		got := replies(t, r, anna)
		if len(got) != 1 || got[0].GetText() != "" || got[0].GetAuthor() != "" || got[0].GetWithheldReason() != "" || !got[0].GetWithheld() {
			t.Errorf("of the reply is left: %v", got)
		}
		for _, earlier := range got[0].GetEarlier() {
			if earlier.GetText() != "" {
				t.Errorf("of an earlier version is left: %v", earlier)
			}
		}
		if _, err := replying(r, t, anna, "n1", "Dear Ms Sofronova!", 0); !fault.Is(err, commonv1.Reason_REASON_CUSTOMER_ERASED) {
			t.Errorf("replied to nobody: %v", err)
		}
		if got := replies(t, r, boris); len(got) != 1 || got[0].GetText() != "Dear Boris." {
			t.Errorf("replies to another: %v", got)
		}
		// A replica that starts later reads them as they are.
		later := newReplica(t, url, "", c.Now)
		if got := replies(t, later, anna); len(got) != 1 || got[0].GetText() != "" {
			t.Errorf("later: %v", got)
		}
	})
}

// holding counts facts that have a text in them.
func holding(t *testing.T, url, text string) (n int) {
	t.Helper()
	rows, err := sqldbtest.Open(t, url).Query(t.Context(), "SELECT body, data FROM fact WHERE brand = $1", brand)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var body, data []byte
		if err := rows.Scan(&body, &data); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(body, []byte(text)) || bytes.Contains(data, []byte(text)) {
			n++
		}
	}
	return n
}
