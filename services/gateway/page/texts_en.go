package page

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

var english = words{
	Lang: shell.English,

	Search: "Find a store, seller, region …", Find: "Find",
	Metrics: "Metric",
	NoJS:    "Reload the page to see new answers.",
	Found:   "Found for “%s”", FoundNone: "Nothing found for “%s”.",

	More: "%d more",

	Week: "Week", Month: "30 days", Quarter: "90 days", Year: "Year", All: "All",
	WeekLong: "7 days", MonthLong: "30 days", QuarterLong: "90 days", YearLong: "365 days", AllLong: "All time", Dates: "Dates",
	Stale:      "No answers in the last %s.",
	StaleDates: "Shown are the last %s that have some, up to %s.",
	NoneEver:   "There are no answers yet.", DateFrom: "from", DateTo: "to",
	BeforeWeek: "the 7 days before", BeforeMonth: "the 30 days before", BeforeQuarter: "the 90 days before",
	BeforeYear: "the 365 days before", BeforeDates: "the same number of days before",

	Score: "Score", Trend: "Over time", Channels: "By channel", Distribution: "How they answered", Ranking: "Best and worst",
	Places: "Inside", Comments: "What people say", Cases: "To call back",

	Interval: "95\u00a0%% interval %s … %s", NoInterval: "too few answers for an interval", OfScale: "of %d", Weighted: "weighted by importance %s",
	Promoters: "promoters", Passives: "passives", Detractors: "detractors", Positive: "positive", Low: "low",
	GoodNPS: "good", GreatNPS: "excellent", Retail: "online retail", EasyCES: "below: a problem",
	IsChange:      "Is that a change?",
	ChangeUp:      "Yes: %s higher than in %s, more than chance explains.",
	ChangeDown:    "Yes: %s lower than in %s, more than chance explains.",
	ChangeNone:    "No: %s against %s is within chance.",
	ChangeEqual:   "No: the same as in %s.",
	NoComparison:  "Choose a period to compare it with the one before.",
	NothingBefore: "Cannot be told: no answers in %s.", NothingNow: "Cannot be told: no answers in this period.",
	Before:      "before: %s",
	TrendRolled: "Each point is the 7 days that end with it: days alone have too few answers.",
	TrendHint:   "The band is the 95 % interval; where the line breaks nobody answered.",
	DotTitle:    "%s: %s (%s), n = %s", Column: "%s: %s (%s %%)", From: "Period", To: "to",

	Best: "Best", Worst: "Worst", Ranked: "%s ranked by the cautious end of their intervals", Unranked: "%s with fewer than %d answers left out",
	RankOf: "Place %d of %d", RankSpan: "could be %d–%d", NotRanked: "No place: no answers in this period.",
	AllRanks: "Whole table", FewRanks: "Only best and worst", NothingRanked: "Nothing to rank in this period.",
	MorePlaces: "and %d more: use the search",
	OnlyLow:    "Only low scores", AllComments: "All comments", LowMark: "low score", NoComments: "No comments in this period.",
	OpenCases: "open", ClaimedCases: "in work", OverdueCases: "overdue", NoCases: "Nobody waits for a call.",
	Due: "due %s", Overdue: "overdue since %s", Queue: "queue", Claimed: "in work: %s", Marked: "score %d",

	kinds: map[commonv1.SubjectKind]string{
		commonv1.SubjectKind_SUBJECT_KIND_NETWORK: "network", commonv1.SubjectKind_SUBJECT_KIND_REGION: "region",
		commonv1.SubjectKind_SUBJECT_KIND_STORE: "store", commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT: "pick-up point",
		commonv1.SubjectKind_SUBJECT_KIND_COURIER: "courier", commonv1.SubjectKind_SUBJECT_KIND_SELLER: "seller",
		commonv1.SubjectKind_SUBJECT_KIND_BUYER: "buyer", commonv1.SubjectKind_SUBJECT_KIND_PRODUCT: "product",
		commonv1.SubjectKind_SUBJECT_KIND_TOUCHPOINT: "touchpoint", commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE: "employee",
	},
	byKinds: map[commonv1.SubjectKind]string{
		commonv1.SubjectKind_SUBJECT_KIND_NETWORK: "Networks", commonv1.SubjectKind_SUBJECT_KIND_REGION: "Regions",
		commonv1.SubjectKind_SUBJECT_KIND_STORE: "Stores", commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT: "Pick-up points",
		commonv1.SubjectKind_SUBJECT_KIND_COURIER: "Couriers", commonv1.SubjectKind_SUBJECT_KIND_SELLER: "Sellers",
		commonv1.SubjectKind_SUBJECT_KIND_BUYER: "Buyers", commonv1.SubjectKind_SUBJECT_KIND_PRODUCT: "Products",
		commonv1.SubjectKind_SUBJECT_KIND_TOUCHPOINT: "Touchpoints", commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE: "Employees",
	},

	journeyWords: englishJourneys,
	wholeWords:   englishWhole,
}
