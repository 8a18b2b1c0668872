package outbox

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// words is a catalogue of all that these pages say. A test holds every field of every
// language against the others.
type words struct {
	shell.Lang

	// Of forms.
	NotDone, SeeFields, Save, Begin, Create, Unsigned, AsUsual, NotSaid, Any, ApplyWord, Reset string

	// Of subscriptions.
	Subscriptions, SubscriptionsTitle, Subscribe, NoSubscriptions     string
	WhatHead, OfHead, WhomHead, WhenHead, ZoneHead, NextHead          string
	StateHead, OwnerHead, NeverNext, WholeBrand                       string
	EveryQuarter, EveryDay, EveryWeek, EveryMonth                     string
	SubscriptionTitle, HandleTitle, ChangeTitle, OfOthers             string
	SectionsHead, AllSections, MetricHead, DaysHead, LocaleHead       string
	CreatedHead, RightsHead, SecretHead, SecretOnce                   string
	PauseWord, ResumeWord, SendWord, SendHint, RotateWord, RotateHint string
	DeleteWord, DeleteHint, SureWord, StartAgain, OwnersToStart       string
	WhatPart, WhenPart, WhomPart                                      string
	DeliveriesTitle, NoDeliveries, DueHead, WindowHead, AttemptsHead  string
	IDHead, ErrorHead, NextTry, DoneHead, Trial, InDoubt, Missed      string
	GivenUp, ZoneOf                                                   string

	// Of links.
	Links, MakeLink, OpenLinks, LinksOf, WhichLinks, NoLinks, LinkOf string
	SurveyHead, AboutHead, ChannelHead, ModeHead, EndsHead, MadeHead string
	NoEnd, CustomerHead, OrderHead, EndedHead, ForWhom               string
	CodeTitle, CodeOf, CodeHint, CodeDead, SVGWord, PNGWord          string
	LinkTitle, RevokeTitle, RevokeWord, RevokeHint, RevokeSure       string
	Everybody, OneOnly, OfBrowser, MoreFields, Another, AddressHead  string

	days []string

	// fields, hints and wrongs are of fields of forms; wrongs also of reasons.
	fields, hints, wrongs map[string]string
	reasons               map[string]string
	sections, locales     map[string]string
	weekdays              map[int32]string
	reports               map[reportv1.ReportKind]string
	everies               map[reportv1.Cadence_Every]string
	states                map[reportv1.Subscription_State]string
	deliveries            map[reportv1.Delivery_Status]string
	linkStates            map[surveyv1.SurveyLinkState]string
	modes                 map[commonv1.ContactMode]string
}

// catalogues are the catalogues, the first for whoever asks for none of them.
var catalogues = []*words{&english, &russian}

// wrong says what is wrong with a field, for a reason or as far as its shape goes.
func (l *words) wrong(reason, field string) string {
	if text := l.wrongs[reason]; text != "" {
		return text
	}
	return l.wrongs[field]
}

// section is what a section of a report is called.
func (l *words) section(name string) string {
	if text := l.sections[name]; text != "" {
		return text
	}
	return name
}
