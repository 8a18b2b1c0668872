package outbox

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

var english = words{
	Lang: shell.English,

	NotDone: "Not done:", SeeFields: "Not done: see the fields that are marked.", Save: "Save", Begin: "Subscribe", Create: "Make the link", Unsigned: "somebody who was not signed in", AsUsual: "as usual", NotSaid: "not said", Any: "Any", ApplyWord: "Apply", Reset: "Clear filters",

	Subscriptions: "Subscriptions", SubscriptionsTitle: "Reports that come by themselves", Subscribe: "New subscription",
	NoSubscriptions: "Nobody has subscribed to anything yet.",
	WhatHead:        "Report", OfHead: "About", WhomHead: "To", WhenHead: "When", ZoneHead: "Zone", NextHead: "Next", StateHead: "State", OwnerHead: "Made by", NeverNext: "none is due",
	WholeBrand:   "the whole brand",
	EveryQuarter: "every quarter of an hour", EveryDay: "every day at %s", EveryWeek: "every %s at %s", EveryMonth: "every month on day %s at %s",
	SubscriptionTitle: "The subscription", HandleTitle: "What to do with it", ChangeTitle: "Change it", OfOthers: "It is somebody else's: you may pause, resume and delete it.",
	SectionsHead: "Parts", AllSections: "Parts (none: all)", MetricHead: "Main score", DaysHead: "Days", LocaleHead: "Language", CreatedHead: "Made", RightsHead: "Delivered with your rights until",
	SecretHead: "The webhook's secret", SecretOnce: "It signs every delivery and is told only now: keep it.",
	PauseWord: "Pause", ResumeWord: "Resume", SendWord: "Send one now", SendHint: "A report of this moment, for a try.", RotateWord: "New secret",
	RotateHint: "For 24 hours deliveries are signed with both.", DeleteWord: "Delete", DeleteHint: "It is forgotten to whom it went. What was delivered stays listed.",
	SureWord: "Yes, delete it", StartAgain: "It came to an end by itself. Resuming or saving starts it again.", OwnersToStart: "It came to an end by itself: only who made it can start it again.",
	WhatPart: "What", WhenPart: "When", WhomPart: "To whom",
	DeliveriesTitle: "Deliveries", NoDeliveries: "None yet.", DueHead: "Due", WindowHead: "Days of the report", AttemptsHead: "Attempts", IDHead: "Id", ErrorHead: "Last error",
	NextTry: "next try", DoneHead: "Ended", Trial: "for a try", InDoubt: "in doubt: it may have arrived; it is tried again under the same id", Missed: "%d earlier ones were missed",
	GivenUp: "given up after %s", ZoneOf: "Times of deliveries are of %s.",

	Links: "Survey links", MakeLink: "New link", OpenLinks: "Links for everybody", LinksOf: "Links of customer", WhichLinks: "Which links", NoLinks: "No such links.", LinkOf: "Link %s",
	SurveyHead: "Survey", AboutHead: "About", ChannelHead: "Channel", ModeHead: "Sent or found by", EndsHead: "Answered until", MadeHead: "Made", NoEnd: "it is taken back", CustomerHead: "Customer",
	OrderHead: "Order", EndedHead: "Ended", ForWhom: "For",
	CodeTitle: "The code", CodeOf: "QR code of %s", CodeHint: "Print it a hand wide; a quarter of it may be dirty or torn.", CodeDead: "It takes no more answers: take the posters down.",
	SVGWord: "SVG, for print", PNGWord: "PNG picture",
	LinkTitle: "The link", RevokeTitle: "Take it back", RevokeWord: "Take it back", RevokeHint: "It takes no more answers from then on; those it brought stay.", RevokeSure: "Yes, take it back",
	Everybody: "everybody, by a QR code", OneOnly: "one customer, once", OfBrowser: "as the browser prefers", MoreFields: "More", Another: "Make another one", AddressHead: "Address",

	days: []string{"day", "days"},

	fields: map[string]string{
		"report": "Report", "subject": "About", "metric": "Main score", "days": "Days", "every": "How often", "weekday": "On", "day": "Day of the month", "at": "At", "zone": "Zone of the recipient",
		"to": "E-mail, or https://… of a program", "name": "Name", "locale": "Language", "survey": "Survey", "number": "Number of a customer", "whom": "For", "customer": "Customer",
		"channel": "Where it was experienced", "mode": "How it is sent or found", "expires": "Answered until", "order": "Order", "experienced": "When it took place",
	},
	hints: map[string]string{
		"report": "", "subject": "KIND:ID such as STORE:101; empty: the whole brand", "metric": "", "days": "empty: as often as it comes", "every": "", "weekday": "", "day": "in shorter months their last",
		"at": "by the recipient's clock", "zone": "such as Europe/Moscow", "to": "programs get it signed (Standard Webhooks)", "name": "as a letter addresses the person", "locale": "", "survey": "", "number": "empty: links for everybody",
		"whom": "", "customer": "a number, an e-mail, a telephone with +, CARD:… or EXTERNAL:SYSTEM:NUMBER", "channel": "", "mode": "e-mail, SMS, push, messengers and calls ask the contact budget", "expires": "empty: 30 days for one customer, else without end",
		"order": "", "experienced": "empty: when it is answered",
	},
	wrongs: map[string]string{
		"report": "Choose a report.", "subject": "Write a kind and an id, such as STORE:101. A scorecard is always of somebody.", "sections": "These are parts of the omnichannel report.", "metric": "There is no such score.",
		"days": "A whole number from 0 to 400; none where it comes every quarter of an hour.", "every": "Choose how often.", "weekday": "Choose a day of the week.", "day": "A day from 1 to 31.", "at": "A time such as 09:00.",
		"zone": "There is no such zone; write one such as Europe/Moscow.", "to": "Write an e-mail address, or an address that begins with https://. Those of private networks are refused unless the deployment allows them.",
		"name": "One line, at most 128 letters.", "locale": "Choose a language.", "sure": "Mark that you mean it.",
		"survey": "Choose a survey that takes answers.", "whom": "Choose for whom.", "customer": "Write whose it is: a number, an e-mail, a telephone with +, CARD:… or EXTERNAL:SYSTEM:NUMBER.", "channel": "Choose a channel.",
		"mode": "Choose how.", "expires": "A day from today on, at most 5 years ahead.", "order": "At most 64 letters.", "experienced": "A day and a time, not in the future.",
		"SUBJECT_UNKNOWN": "Nobody of that kind and id is known.", "MAIL_UNCONFIGURED": "This deployment sends no e-mail: give the address of a program.", "CONTACT_FORBIDDEN": "The contact budget forbids asking this customer so now.",
		"CUSTOMER_ERASED": "This customer was erased.", "CUSTOMER_UNKNOWN": "There is no such customer.", "IDENTITY_ERASED": "This customer was erased.", "IDENTITY_BLOCKED": "This address or number tells nobody apart: give the customer's number.", "SURVEY_NOT_OPEN": "This survey takes no answers.",
	},
	reasons: map[string]string{
		"VERSION_CONFLICT":     "somebody changed it while you looked at it. You see it as it is now; what you wrote is still here.",
		"SUBSCRIPTION_STOPPED": "it has stopped.", "SUBSCRIPTION_LIMIT": "the brand has as many subscriptions as it may have.", "KEY_REUSED": "the form was sent before with other content. Open it anew.",
		"ALREADY_EXISTS": "the form was sent before with other content. Open it anew.",
	},
	sections: map[string]string{
		"scores": "Scores", "responses": "Questionnaires", "orders": "Orders", "contacts": "Contacts", "loyalty": "Loyalty", "retention": "Retention", "invitations": "Invitations",
	},
	locales:  map[string]string{"": "the brand's first", "en": "English", "ru": "Russian"},
	weekdays: map[int32]string{1: "Monday", 2: "Tuesday", 3: "Wednesday", 4: "Thursday", 5: "Friday", 6: "Saturday", 7: "Sunday"},
	reports: map[reportv1.ReportKind]string{
		reportv1.ReportKind_REPORT_KIND_OMNICHANNEL: "Omnichannel report", reportv1.ReportKind_REPORT_KIND_SCORECARD: "Scorecard",
	},
	everies: map[reportv1.Cadence_Every]string{
		reportv1.Cadence_EVERY_QUARTER_HOUR: "every quarter of an hour", reportv1.Cadence_EVERY_DAY: "every day", reportv1.Cadence_EVERY_WEEK: "every week", reportv1.Cadence_EVERY_MONTH: "every month",
	},
	states: map[reportv1.Subscription_State]string{
		reportv1.Subscription_STATE_UNSPECIFIED: "not known", reportv1.Subscription_STATE_ACTIVE: "active", reportv1.Subscription_STATE_PAUSED: "paused", reportv1.Subscription_STATE_STOPPED: "stopped",
	},
	deliveries: map[reportv1.Delivery_Status]string{
		reportv1.Delivery_STATUS_UNSPECIFIED: "All", reportv1.Delivery_STATUS_PENDING: "pending", reportv1.Delivery_STATUS_SENT: "sent", reportv1.Delivery_STATUS_FAILED: "failed",
		reportv1.Delivery_STATUS_CANCELLED: "cancelled",
	},
	linkStates: map[surveyv1.SurveyLinkState]string{
		surveyv1.SurveyLinkState_SURVEY_LINK_STATE_UNSPECIFIED: "not known", surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE: "takes answers", surveyv1.SurveyLinkState_SURVEY_LINK_STATE_ANSWERED: "answered",
		surveyv1.SurveyLinkState_SURVEY_LINK_STATE_EXPIRED: "its time is over", surveyv1.SurveyLinkState_SURVEY_LINK_STATE_REVOKED: "taken back", surveyv1.SurveyLinkState_SURVEY_LINK_STATE_SURVEY_CLOSED: "its survey is closed",
	},
	modes: map[commonv1.ContactMode]string{
		commonv1.ContactMode_CONTACT_MODE_UNSPECIFIED: "", commonv1.ContactMode_CONTACT_MODE_QR: "QR code", commonv1.ContactMode_CONTACT_MODE_EMAIL: "e-mail", commonv1.ContactMode_CONTACT_MODE_SMS: "SMS",
		commonv1.ContactMode_CONTACT_MODE_MESSENGER: "messenger", commonv1.ContactMode_CONTACT_MODE_PUSH: "push", commonv1.ContactMode_CONTACT_MODE_CALL: "call",
		commonv1.ContactMode_CONTACT_MODE_WIDGET: "widget", commonv1.ContactMode_CONTACT_MODE_IN_PERSON: "in person",
	},
}
