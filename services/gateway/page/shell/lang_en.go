package shell

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// English is the language.
var English = Lang{
	Code:         "en",
	Name:         "English",
	decimal:      ".",
	groups:       ",",
	months:       [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	monthsShort:  [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	dayMonth:     "{d} {m}",
	dayMonthYear: "{d} {m} {y}",
	monthYear:    "{m} {y}",
	plural: func(n int64) int {
		if n == 1 {
			return 0
		}
		return 1
	},
	answer:        []string{"answer", "answers"},
	Title:         "Customer experience",
	Problem:       "This page cannot be shown",
	Back:          "To the whole brand",
	Brands:        "Brand",
	LanguageWord:  "Language",
	AsOf:          "As of %s",
	SectionFailed: "This part cannot be shown now: %s. The rest of the page is complete.",
	NoAnswers:     "no answers",
	Points:        "points",
	Shares:        "percentage points",
	Show:          "Show",
	Period:        "Period",
	Permalink:     "Link to these dates",
	Numbers:       "Numbers",
	Value:         "Value",
	channels: map[commonv1.Channel]string{
		commonv1.Channel_CHANNEL_UNSPECIFIED: "Not known", commonv1.Channel_CHANNEL_STORE: "Store",
		commonv1.Channel_CHANNEL_IN_STORE_ORDER: "Ordered in store", commonv1.Channel_CHANNEL_PICKUP: "Click and collect",
		commonv1.Channel_CHANNEL_EXPRESS: "Express delivery", commonv1.Channel_CHANNEL_COURIER: "Courier",
		commonv1.Channel_CHANNEL_NEXT_DAY: "Next day", commonv1.Channel_CHANNEL_PICKUP_POINT: "Pick-up point",
		commonv1.Channel_CHANNEL_WEB: "Web shop", commonv1.Channel_CHANNEL_APP: "App",
		commonv1.Channel_CHANNEL_MARKETPLACE: "Marketplace", commonv1.Channel_CHANNEL_CALL_CENTER: "Call centre",
	},
	metrics: map[surveyv1.MetricKind]string{
		surveyv1.MetricKind_METRIC_KIND_NPS: "NPS", surveyv1.MetricKind_METRIC_KIND_CSAT: "CSAT: share of positive answers",
		surveyv1.MetricKind_METRIC_KIND_CES: "CES: ease, 1 to 7", surveyv1.MetricKind_METRIC_KIND_CSI_ITEM: "CSI: importance × satisfaction",
		surveyv1.MetricKind_METRIC_KIND_RATING: "Mean rating", surveyv1.MetricKind_METRIC_KIND_LOW_SHARE: "Share of low questionnaires",
		surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL: "CSI: mean of its parameters",
	},
	faults: map[string]string{
		"Unavailable": "a service cannot be reached", "DeadlineExceeded": "it took too long", "ResourceExhausted": "too much is asked at once",
		"PermissionDenied": "you may not see it", "Unauthenticated": "sign in first", "Unimplemented": "it is not built yet",
		"InvalidArgument": "the address of the page is not right", "NotFound": "there is no such thing", "": "something went wrong inside",
	},
	Overview:    "Overview",
	Pages:       "Pages",
	NotDeployed: "%s is not part of this deployment: what it knows cannot be shown here.",
	NotHere:     "%s is not part of this deployment",
	CSVLink:     "Download as CSV",
	Newest:      "To the beginning",
	Next:        "Next",
	Scroll:      "can be scrolled",
	Yes:         "yes",
	No:          "no",
	Customers:   "Customers",
	SkipWord:    "To the content",
	ThisView:    "Link to this view",
	Menu:        "Pages",
	Live:        "Live",
	LiveOff:     "Not live: reconnecting …",
	headings:    map[Group]string{Experience: "Experience", Work: "To do", People: "Customers", Loyalty: "Loyalty", Paths: "Journeys"},
	lowShare:    "Low scores",
}
