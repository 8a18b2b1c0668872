// Package link is what survey links are: tokens that nobody can forge, whether a link
// takes answers, what was answered so far, and how invitations are counted.
//
// A link is a fact of the log and its token the fact's number, so that a token is short
// enough for a text message and what it stands for is never in it. What follows (opened,
// started, answered, revoked) are facts of the same log. Answers of a questionnaire that
// is not finished are none: they are rows of a table, replaced by the next save and gone
// once the response is there.
package link

import (
	"cmp"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/differ"
	"github.com/rapport-cx/rapport/internal/feed"
)

const (
	// usualLife is for how long a personal link is answered where nothing is said.
	usualLife = 30 * 24 * time.Hour
	// KeptFor bounds how long what was answered so far waits for the rest.
	KeptFor = 90 * 24 * time.Hour
	// Source is the natural key's of responses that came by links.
	Source = "rapport.link"
)

// Filled is a link with what follows where nothing was said.
func Filled(in *surveyv1.SurveyLink, now time.Time) {
	in.CreatedAt = timestamppb.New(now)
	if in.AskedAt == nil {
		in.AskedAt = in.CreatedAt
	}
	if in.ExpiresAt == nil && !in.GetOpen() {
		in.ExpiresAt = timestamppb.New(in.GetAskedAt().AsTime().Add(usualLife))
	}
	in.Purpose = cmp.Or(in.GetPurpose(), "survey")
}

// Contacts tells whether sending the link is a contact that the customer's budget knows:
// we go to the customer, and not the other way round.
func Contacts(in *surveyv1.SurveyLink) bool {
	switch in.GetMode() {
	case commonv1.ContactMode_CONTACT_MODE_EMAIL, commonv1.ContactMode_CONTACT_MODE_PUSH, commonv1.ContactMode_CONTACT_MODE_SMS,
		commonv1.ContactMode_CONTACT_MODE_MESSENGER, commonv1.ContactMode_CONTACT_MODE_CALL:
		return !in.GetOpen()
	}
	return false
}

// Known is what is known of a link when it is opened.
type Known struct {
	Link *surveyv1.SurveyLink
	// Answered, Revoked and Closed are when; zero: not.
	Answered, Revoked, Closed time.Time
	// Erased says that its customer was.
	Erased bool
	// Steps are the link's own facts, Response the one it brought; nil if it has not.
	Steps    []feed.Fact
	Response *feed.Fact
}

// State is what the link leads to, and since when. That it was answered stands above
// all else: whoever answered in time reads a thank you for ever.
func (k *Known) State(now time.Time) (surveyv1.SurveyLinkState, time.Time) {
	until := k.Link.GetExpiresAt()
	switch {
	case !k.Answered.IsZero():
		return surveyv1.SurveyLinkState_SURVEY_LINK_STATE_ANSWERED, k.Answered
	case !k.Revoked.IsZero() || k.Erased:
		return surveyv1.SurveyLinkState_SURVEY_LINK_STATE_REVOKED, k.Revoked
	case until != nil && !now.Before(until.AsTime()):
		return surveyv1.SurveyLinkState_SURVEY_LINK_STATE_EXPIRED, until.AsTime()
	case k.closed(now):
		return surveyv1.SurveyLinkState_SURVEY_LINK_STATE_SURVEY_CLOSED, k.Closed
	}
	return surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE, time.Time{}
}

// closed is what SubmitResponse would find: answers about what was experienced before
// the survey was closed still come in.
func (k *Known) closed(now time.Time) bool {
	if at := k.Link.GetExperiencedAt(); at != nil {
		now = at.AsTime()
	}
	return !k.Closed.IsZero() && now.After(k.Closed)
}

// Show writes the state into the link.
func (k *Known) Show(now time.Time) *surveyv1.SurveyLink {
	state, since := k.State(now)
	k.Link.State = state
	if !since.IsZero() {
		k.Link.EndedAt = timestamppb.New(since)
	}
	return k.Link
}

// Differs names the first field in which a link is another one than was asked for; empty:
// it is the one, with what was left open filled in.
func Differs(made, asked *surveyv1.SurveyLink) string {
	have, want := proto.CloneOf(made), proto.CloneOf(asked)
	have.Id, have.Token, have.Path, have.State, have.CreatedAt, have.EndedAt = "", "", "", 0, nil, nil
	if want.GetAskedAt() == nil {
		have.AskedAt = nil
	}
	if want.GetExpiresAt() == nil {
		have.ExpiresAt = nil
	}
	if want.GetPurpose() == "" {
		have.Purpose = ""
	}
	if want.GetReservationId() == "" {
		have.ReservationId = ""
	}
	if want.GetCustomer().GetIdentity() != nil {
		have.Customer, want.Customer = nil, nil // it may have been resolved otherwise since
	}
	return differ.First("link", have, want)
}
