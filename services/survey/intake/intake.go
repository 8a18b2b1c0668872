// Package intake judges responses: whether one fits its survey version, its
// brand's directory and the clock, and what it counts for. Pure but for the
// sealing of identities; time is an argument.
package intake

import (
	"crypto/sha256"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Rules are what a response of one brand is judged by.
type Rules struct {
	Brand string
	Book  *directory.Book
	Zone  *calendar.Zone
	Seal  *seal.Sealer
}

// Ready is a response that was found good.
type Ready struct {
	// Record is what the log keeps.
	Record *surveyv1.ResponseRecord
	// Tally is what it counts for.
	Tally *tally.Tally
}

// Prepare judges a response received at a moment. The error names every field
// that is wrong, by its path from "response" on.
func (r Rules) Prepare(in *surveyv1.Response, received time.Time) (*Ready, error) {
	survey, version, err := r.version(in, received)
	if err != nil {
		return nil, err
	}
	f := fault.Invalid()
	t := &tally.Tally{Sign: 1, Survey: survey.Number, Channel: uint8(in.GetChannel()), Mode: uint8(in.GetMode())}
	checkTimes(f, in, received)
	scores := r.answers(f, in, version, t)
	facets(f, in, version, t)
	if id := in.GetCustomer().GetIdentity(); id != nil && blank(id) {
		f.Field("response.customer.identity.value", "is blank")
	}
	if in.GetExternalId() != "" && in.GetSource() == "" {
		f.Field("response.source", "is required with external_id")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	if err := r.subjects(in, received, t); err != nil {
		return nil, err
	}
	r.days(in, received, t)
	t.Scores = withLowShare(scores)
	t.Customer = in.GetCustomer().GetId()
	return &Ready{Record: r.Record(in, version.Def.GetVersion()), Tally: t}, nil
}

// version finds what the response answers, and whether it is open for it.
func (r Rules) version(in *surveyv1.Response, received time.Time) (*directory.Survey, *directory.Version, error) {
	s, ok := r.Book.Survey(in.GetSurveyId())
	if !ok {
		return nil, nil, fault.NotFound(commonv1.Reason_REASON_SURVEY_UNKNOWN, "survey %q", in.GetSurveyId()).With("field", "response.survey_id")
	}
	if len(s.Versions) == 0 {
		return nil, nil, fault.Precondition(commonv1.Reason_REASON_SURVEY_NOT_OPEN, "survey %q is not published", in.GetSurveyId())
	}
	v := s.Version(in.GetSurveyVersion())
	if v == nil {
		return nil, nil, fault.NotFound(commonv1.Reason_REASON_SURVEY_UNKNOWN, "survey %q has no version %d", in.GetSurveyId(), in.GetSurveyVersion()).With("field", "response.survey_version")
	}
	if closed := s.Def.GetClosedAt(); closed != nil && moment(in, received).After(closed.AsTime()) {
		return nil, nil, fault.Precondition(commonv1.Reason_REASON_SURVEY_NOT_OPEN, "survey %q was closed before this experience", in.GetSurveyId())
	}
	return s, v, nil
}

// subjects resolves what is named, and its ancestors at the time.
func (r Rules) subjects(in *surveyv1.Response, received time.Time, t *tally.Tally) error {
	at := moment(in, received)
	for i, ref := range in.GetSubjects() {
		n, ok := r.Book.Subject(ref)
		if !ok {
			return unknownSubject(i, ref)
		}
		if closed := r.Book.Entry(ref).GetClosedAt(); closed != nil && at.After(closed.AsTime()) {
			return closedSubject(i, ref)
		}
		if slices.Contains(t.Named, n) {
			return twice(i, ref)
		}
		t.Named = append(t.Named, n)
	}
	slices.Sort(t.Named)
	t.Path = r.Book.PathAt(t.Named, at)
	return nil
}

// moment is when it was experienced, as well as that is known.
func moment(in *surveyv1.Response, received time.Time) time.Time {
	if in.GetExperiencedAt() != nil {
		return in.GetExperiencedAt().AsTime()
	}
	return answered(in, received)
}

func answered(in *surveyv1.Response, received time.Time) time.Time {
	if in.GetAnsweredAt() != nil {
		return in.GetAnsweredAt().AsTime()
	}
	return received
}

// days places the response in the brand's calendar.
func (r Rules) days(in *surveyv1.Response, received time.Time, t *tally.Tally) {
	at := answered(in, received)
	day, quarter := r.Zone.Quarter(at)
	t.Live, t.Quarter = int32(day), uint8(quarter)
	t.Hour = uint8(r.Zone.ClockHour(at))
	t.Day = t.Live
	if in.GetExperiencedAt() != nil {
		t.Day = int32(r.Zone.DayOf(in.GetExperiencedAt().AsTime()))
	}
}

// Record is the response as the log keeps it: bound to its version, and with
// nothing in it that tells who the customer is. It judges nothing.
func (r Rules) Record(in *surveyv1.Response, version int32) *surveyv1.ResponseRecord {
	kept := proto.CloneOf(in)
	kept.Id, kept.Version, kept.SurveyVersion = "", 0, version
	out := &surveyv1.ResponseRecord{Response: kept}
	if c, ok := in.GetCustomer().GetRef().(*commonv1.CustomerRef_Identity); ok {
		kept.Customer = nil
		plain := Normalise(c.Identity)
		out.SealedIdentity, _ = people.SealIdentity(r.Seal, r.Brand, c.Identity) // what was read can be written
		out.IdentityHash = r.Seal.Hash(append([]byte(r.Brand+"\x00"), plain...))
	}
	return out
}

// Key is the idempotency key: the natural one, if the response has it, else the
// request's; nil if there is neither.
func Key(source, externalID, requestID string) []byte {
	var sum [32]byte
	switch {
	case externalID != "":
		sum = sha256.Sum256([]byte("external\x00" + source + "\x00" + externalID))
	case requestID != "":
		sum = sha256.Sum256([]byte("request\x00" + requestID))
	default:
		return nil
	}
	return sum[:16]
}

// Fact packs a good response for the log.
func (p *Ready) Fact(key []byte) (feed.Fact, error) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(p.Record)
	if err != nil {
		return feed.Fact{}, err
	}
	return feed.Fact{
		Kind: record.Response, Key: key,
		Day: p.Tally.Day, Day2: p.Tally.Live, Who: p.Tally.Customer,
		Data: p.Tally.Append(make([]byte, 0, 64)), Body: body,
	}, nil
}
