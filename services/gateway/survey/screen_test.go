package survey

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// questionnaire is any one that could be published: conditions name earlier questions.
func questionnaire(r *rand.Rand) []*surveyv1.PageQuestion {
	var out []*surveyv1.PageQuestion
	for i := range 1 + r.IntN(30) {
		q := &surveyv1.Question{Id: fmt.Sprint("q", i), Required: r.IntN(2) == 0}
		if i > 0 && r.IntN(3) == 0 {
			q.ShowIf = &surveyv1.Condition{QuestionId: fmt.Sprint("q", r.IntN(i)), Test: &surveyv1.Condition_Answered{Answered: true}}
		}
		out = append(out, &surveyv1.PageQuestion{Question: q, ScaleMax: 10})
	}
	return out
}

// Whatever is asked stands on one screen, in the order of asking, behind the screen that
// decides whether it is shown; and going on from screen to screen meets all that is shown.
func TestScreens(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		all := questionnaire(r)
		at, n := map[string]int{}, 0
		for s, screen := range screens(all) {
			if len(screen) == 0 || len(screen) > most {
				t.Fatalf("a screen of %d", len(screen))
			}
			for _, q := range screen {
				if q != all[n] {
					t.Fatal("out of order")
				}
				at[q.GetQuestion().GetId()], n = s+1, n+1
				if c := q.GetQuestion().GetShowIf(); c != nil && at[c.GetQuestionId()] > s {
					t.Fatal("what decides stands on the same screen")
				}
			}
		}
		if n != len(all) {
			t.Fatalf("%d of %d questions", n, len(all))
		}
		var shown []string
		for _, q := range all {
			if r.IntN(3) > 0 {
				shown = append(shown, q.GetQuestion().GetId())
			}
		}
		b, met, last := newBook(all, shown, nil), 0, 0
		for screen := b.beside(0, +1); screen > 0; screen = b.beside(screen, +1) {
			met += len(b.on(screen))
			if back := b.beside(screen, -1); back != last {
				t.Fatalf("the way back from %d leads to %d, not %d", screen, back, last)
			}
			last = screen
		}
		if met != len(shown) {
			t.Fatalf("met %d of %d", met, len(shown))
		}
		if done, of := b.place(last); done != of {
			t.Fatalf("the last screen is the %d. of %d", done, of)
		}
	}
}

// FuzzParse: whatever a form says, answers fit their questions.
func FuzzParse(f *testing.F) {
	f.Add("q.q=7&i.q=10&w.q=3")
	f.Add("q.q=a&q.q=b")
	f.Add("q.q=%00&i.q=-1&w.q=99999999999")
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		for kind := range surveyv1.QuestionKind_name {
			q := &surveyv1.PageQuestion{ScaleMin: 1, ScaleMax: 10, Question: &surveyv1.Question{Id: "q", Kind: surveyv1.QuestionKind(kind),
				Options: []*surveyv1.Option{{Id: "a"}, {Id: "b"}}}}
			answers, flaws := parse([]*surveyv1.PageQuestion{q}, form)
			if len(answers)+len(flaws) > 1 {
				t.Fatalf("%v and %v", answers, flaws)
			}
			for _, a := range answers {
				if _, err := proto.Marshal(a); err != nil {
					t.Fatal(err)
				}
				if s, ok := a.GetValue().(*surveyv1.Answer_Score); ok && (s.Score < 1 || s.Score > 10 || a.Importance != nil && (a.GetImportance() < 1 || a.GetImportance() > 10)) {
					t.Fatalf("%v", a)
				}
				if e := a.GetExpectation(); e != nil && (e.GetWorst() > e.GetBest() || e.GetWorst() < 1 || e.GetBest() > 10) {
					t.Fatalf("%v", a)
				}
			}
		}
	})
}
