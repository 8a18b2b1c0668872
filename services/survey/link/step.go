package link

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Step is how far somebody came. It stands where scores do in the numbers of invitations;
// the numbers are stored: never use one again.
type Step uint8

// The steps of an invitation, then those of a visit to an open link.
const (
	Sent     Step = 0
	Opened   Step = 1
	Started  Step = 2
	Answered Step = 3

	OpenOpened   Step = 4
	OpenStarted  Step = 5
	OpenAnswered Step = 6
)

// Of is the step as a link's own kind counts it.
func (s Step) Of(open bool) Step {
	if open && s > Sent && s <= Answered {
		return s + OpenOpened - Opened
	}
	return s
}

// Made is the fact that a link was made. A personal one counts as sent on its day; an
// open one has been sent to nobody.
func Made(in *surveyv1.SurveyLink, t *tally.Tally, zone *calendar.Zone, key []byte) (feed.Fact, error) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(&surveyv1.LinkRecord{Link: in})
	if err != nil {
		return feed.Fact{}, err
	}
	place(t, zone, in.GetAskedAt().AsTime())
	t.Day = t.Live
	t.Scores = []tally.Score{{Metric: tally.Invitations, Score: uint8(Sent)}}
	f := feed.Fact{Kind: record.Link, Key: key, Day: t.Day, Day2: t.Live, Who: t.Customer, Data: t.Append(nil), Body: body}
	if in.GetOpen() {
		f.Kind, f.Day, f.Day2 = record.OpenLink, feed.NoDay, feed.NoDay
	}
	return f, nil
}

// Taken is the fact that somebody came so far by a link. An invitation's steps count on
// the day on which it was sent, those of an open link on their own.
func Taken(made *feed.Fact, step Step, visit string, zone *calendar.Zone, at time.Time) (feed.Fact, error) {
	t, err := tally.Parse(made.Data)
	if err != nil {
		return feed.Fact{}, fmt.Errorf("link %d: %w", made.Seq, err)
	}
	place(t, zone, at)
	f := feed.Fact{Kind: record.LinkStep, Key: Key(made.Seq, step, visit), Who: made.Who, Of: made.Seq}
	if made.Kind == record.OpenLink {
		// Nobody reads all visits of a link at once: there is no end of them.
		f.Of, t.Day = 0, t.Live
	}
	t.Scores[0].Score = uint8(step.Of(made.Kind == record.OpenLink))
	f.Day, f.Day2, f.Data = t.Day, t.Live, t.Append(nil)
	return f, nil
}

// place puts a tally at its moment; its day stays.
func place(t *tally.Tally, zone *calendar.Zone, at time.Time) {
	day, quarter := zone.Quarter(at)
	t.Live, t.Quarter, t.Hour = int32(day), uint8(quarter), uint8(zone.ClockHour(at))
}

// Key lets each step of a link, or of one of its visits, be taken once.
func Key(number int64, step Step, visit string) []byte {
	return hashed(fmt.Sprintf("link step\x00%d\x00%d\x00%s", number, step, visit))
}

// MadeKey lets a request make one link.
func MadeKey(request string) []byte { return hashed("link\x00" + request) }

// Reached tells whether the facts of a link have a step of it.
func Reached(facts []feed.Fact, number int64, step Step) bool {
	key := string(Key(number, step, ""))
	for i := range facts {
		if string(facts[i].Key) == key {
			return true
		}
	}
	return false
}

func hashed(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:16]
}

// Answer is the identifier of the response that a link, or a visit to it, brings.
func Answer(number int64, visit string) string {
	if visit == "" {
		return record.ID(number)
	}
	return record.ID(number) + "." + visit
}

// Visit is the visit in what Answer made.
func Visit(answer string) string {
	_, visit, _ := strings.Cut(answer, ".")
	return visit
}

// End is the fact that takes a link back, once.
func End(number int64) feed.Fact {
	return feed.Fact{Kind: record.LinkEnd, Key: hashed(fmt.Sprintf("link end\x00%d", number)), Day: feed.NoDay, Day2: feed.NoDay, Of: number}
}
