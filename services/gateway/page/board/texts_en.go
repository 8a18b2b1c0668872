package board

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

var english = words{
	Lang: shell.English,

	Omnichannel: "Omnichannel", League: "League tables", Scorecard: "Scorecard", Cases: "Cases",
	Dates: "Dates", DateFrom: "from", DateTo: "to", AllTime: "All time",
	Choose: "What is ranked", Everywhere: "Everywhere", AllAlike: "All of them", Any: "Any",
	Kind: "Kind", Metric: "Metric", Region: "Inside", Label: "Like for like", MinN: "Answers at least", Apply: "Apply",
	NameHead: "Name", ValueHead: "Value", IntervalHead: "95 % interval",
	ChangeHead: "Days before", YearHead: "Year before", GoalHead: "Goal",

	OfScale: "of %d", NoInterval: "no interval", Worth: "%s: %s (%s), n = %s", Few: "few answers: only a hint",
	Suppressed: "too few persons to tell", OutOf: "%s of %s",
	Goal: "goal %s", GoalMet: "reached", GoalShort: "%s short", Benchmark: "others: %s", OfWeighted: "(weighted here: %s)",
	BeyondChance: "more than chance explains", WithinChance: "within chance", NothingThen: "nothing to compare with",
	Then: "then %s, n = %s", BeforeDays: "against the days before", YearBefore: "against a year before",
	Lost:    "What is missing",
	Figures: "At a glance", ByChannel: "Channel by channel", Matrix: "Everything by channel", Parameters: "Parameters",
	Rates: "Rates", OffNorm: "Why orders were off norm", PartsTitle: "How fresh this is", PartHead: "Part", StateHead: "State",
	FreshHead: "Counted up to", NothingHere: "Nobody answered in these days.", SeeAll: "See all time", Total: "All channels",
	ResponsesHead: "Questionnaires", OrdersHead: "Orders", ChannelHead: "Channel", ReasonHead: "Reason",
	ShareHead: "Share", MatrixNote: "Under each value: its 95 % interval and n.", ComparedNote: "The bar is the 95 % interval, on one axis for all channels.",
	Tier: "Tier %d", TierNote: "Those of one tier cannot be told apart from its leader. A place is the range that the intervals allow.",
	PlaceHead: "Place", Ranked: "%s ranked by the cautious end of their intervals", Unranked: "%s with fewer than %d answers left out",
	NothingRanked: "Nobody has enough answers in these days to be ranked.",
	RankTitle:     "Among its peers", RankOf: "Place %s of %d", RankSpan: "the intervals allow places %d to %d",
	NotRanked: "No place yet: fewer than %d answers.", PeersBy: "Same %s", WholeTable: "The whole table",
	MainScore: "Score", Today: "Today", DaysOf: "%d days", Rolling: "Over time, each point over %d days",
	RollingHint: "Each point is the %d days that end with it; the band is the 95 %% interval.",
	Gaps:        "Where it differs from its peers", GapsNote: "The widest gap below its peers comes first.", PeersHead: "Peers", GapHead: "Gap",
	AllScores: "All scores", Comments: "Newest comments", NoComments: "Nobody wrote anything.", OpenCases: "Waiting for a call",
	OldPage: "Its answers over time", NumbersOf: "Numbers", From: "Day",

	ByItself: "Let it come by itself", AskHere: "Ask customers about it", AsHeat: "As a heat map", AsLeague: "As a league table",

	Heat: "Heat map", HeatChoose: "What is compared", HeatTitle: "%s by parameter", HeatWhole: "Intervals and places", HeatOneClass: "All of one class",
	HeatNoClass: "Without %s: compared with nobody", HeatTogether: "All together", HeatUnranked: "Not ranked: fewer than %d answers", HeatGap: "%s against its class",
	HeatPlace: "place %s", HeatPlaces: "places %d to %d", HeatOrder: "Order by %s", HeatShown: "%s of %s shown",
	HeatLost: "What is missing is needed for the map.", HeatNothing: "Nobody answered about any of them in these days.", HeatColumns: "Parameters (none: all that were answered)",
	HeatNote: "Rows stand in tiers of the chosen column: those of one tier cannot be told apart from its leader. A sign says how a cell stands beside the others of its class (95 %).",

	QueueTitle: "How the queues are doing", FilterTitle: "Which cases", CasesTitle: "To call back", OpenWord: "open", ClaimedWord: "in work", OverdueWord: "overdue",
	ResolvedWord: "resolved in 30 days", AverageWord: "to resolve one, in business hours", QueueHead: "Queue", Mine: "Mine", OverdueOnly: "Overdue",
	WhoAreYou: "To see yours, say who you are.",
	YourName:  "Your name", NameHint: "Your colleagues see it beside what you do.", Keep: "Go on",
	NoCases: "No such cases: nobody waits for a call.", Left: "%s left", LateBy: "%s late", Marked: "score %d", Minutes: "%d min",
	Hours: "%s h", DaysLong: "%s days", CaseOf: "Case %s", CaseTitle: "The case", AnswersTitle: "What the customer said", WorkTitle: "Work on it",
	NotesTitle: "What happened so far", CauseHead: "Reason", DueHead: "Due", SubjectHead: "About", CustomerOf: "Customer %d", OpenedHead: "Opened",
	ResolvedHead: "Resolved", RootCauseHead: "Root cause", ReopenedHead: "Reopened", AssigneeHead: "In work by", ScoreHead: "Score",
	ClaimWord: "I take it", TakeWord: "Take it over", TakenBy: "In work by %s.", NoteWord: "Write a note", NoteHint: "Note", CallWord: "Note the call", Called: "Call",
	OutcomeHead: "How the call ended", ResolveWord: "Resolve", RootCauseHint: "What it really was", DoneHint: "What was done", ReopenWord: "Reopen",
	ReopenWhy: "Why it is taken up again",
	Conflict:  "Not done: somebody changed this case while you looked at it. You see it as it is now; what you wrote is still here.",
	YouAre:    "You work as", Reset: "Clear filters", NoNotes: "Nothing yet.", OpenIt: "Open", AllOfThem: "All cases about it", NobodyWaits: "Nobody waits for a call.",
	ZoneOf: "Times are of %s.", ResolveTitle: "Finish", NameTitle: "Who are you?", Change: "Somebody else?", CustomerHead: "Customer", StatusHead: "State", RequiredWord: "required", MoreOf: "%d more",
	Claimable: "nobody yet", Still: "there, nothing new for %s",

	steps: []step{{"claimed, taken over from ", "Took it over from "}, {"claimed", "Took it"}, {"resolved: ", "Resolved: "}, {"opened: ", "Opened: "}},

	responses: []string{"questionnaire", "questionnaires"}, orders: []string{"order", "orders"},
	spans: map[string]string{"7": "Week", "30": "30 days", "90": "90 days", "365": "Year", "all": "All"},
	rateNames: map[string]string{
		"response_rate": "Response rate", "success_index": "Orders within norm", "contact_rate": "Contacts per receipt",
		"redemption_rate": "Points redeemed", "retention": "Customers retained",
	},
	partNames: map[string]string{
		"scores": "Scores", "responses": "Questionnaires", "orders": "Orders", "contacts": "Contacts", "loyalty": "Loyalty", "retention": "Retention",
		"subject": "Directory", "trend": "Trend", "rank": "Ranking", "gaps": "Gaps to peers", "comments": "Comments", "cases": "Cases",
		"subjects": "Directory", "tiers": "Tiers",
	},
	judgements: map[string]string{"excellent": "excellent", "good": "good", "problem": "a problem"},
	reasons: map[string]string{
		"LATE": "late", "PARTIAL": "not complete", "MISSORTED": "mis-sorted", "FAILED": "delivery failed", "CANCELLED_BY_SHOP": "cancelled by the shop",
	},
	caseStates: map[string]string{"waiting": "All that wait", "open": "Open", "claimed": "In work", "resolved": "Resolved"},
	outcomes: map[string]string{
		"reached": "reached", "no_answer": "no answer", "later": "asked to be called later", "wrong_number": "wrong number", "refused": "does not want to talk",
	},
	unfilled: map[string]string{
		"who": "Not done: say who you are.", "text": "Not done: the note is empty.", "root_cause": "Not done: say what it really was.",
		"note": "Not done: say why.", "outcome": "Not done: say how the call ended.",
	},
	standings: map[reportv1.HeatCell_Standing]string{
		reportv1.HeatCell_STANDING_UNSPECIFIED: "", reportv1.HeatCell_STANDING_EMPTY: "nobody answered", reportv1.HeatCell_STANDING_FEW: "fewer than %d answers: only a hint",
		reportv1.HeatCell_STANDING_ALIKE: "cannot be told from the others", reportv1.HeatCell_STANDING_BETTER: "better than the others",
		reportv1.HeatCell_STANDING_WORSE: "worse than the others", reportv1.HeatCell_STANDING_HIDDEN: "too few persons to tell",
	},
	states: map[reportv1.Section_Status]string{
		reportv1.Section_STATUS_UNSPECIFIED: "not known", reportv1.Section_STATUS_OK: "there", reportv1.Section_STATUS_MISSING: "late or not reached",
		reportv1.Section_STATUS_FAILED: "failed", reportv1.Section_STATUS_ABSENT: "not counted here", reportv1.Section_STATUS_HIDDEN: "not for you",
	},
	stateOf: map[surveyv1.CaseState]string{
		surveyv1.CaseState_CASE_STATE_UNSPECIFIED: "any", surveyv1.CaseState_CASE_STATE_OPEN: "open", surveyv1.CaseState_CASE_STATE_CLAIMED: "in work",
		surveyv1.CaseState_CASE_STATE_RESOLVED: "resolved",
	},
	kinds: map[commonv1.SubjectKind]string{
		commonv1.SubjectKind_SUBJECT_KIND_NETWORK: "network", commonv1.SubjectKind_SUBJECT_KIND_REGION: "region", commonv1.SubjectKind_SUBJECT_KIND_STORE: "store",
		commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT: "pick-up point", commonv1.SubjectKind_SUBJECT_KIND_COURIER: "courier", commonv1.SubjectKind_SUBJECT_KIND_SELLER: "seller",
		commonv1.SubjectKind_SUBJECT_KIND_BUYER: "buyer", commonv1.SubjectKind_SUBJECT_KIND_PRODUCT: "product", commonv1.SubjectKind_SUBJECT_KIND_TOUCHPOINT: "touchpoint",
		commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE: "employee",
	},
	groups: map[commonv1.SubjectKind]string{
		commonv1.SubjectKind_SUBJECT_KIND_NETWORK: "Networks", commonv1.SubjectKind_SUBJECT_KIND_REGION: "Regions", commonv1.SubjectKind_SUBJECT_KIND_STORE: "Stores",
		commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT: "Pick-up points", commonv1.SubjectKind_SUBJECT_KIND_COURIER: "Couriers", commonv1.SubjectKind_SUBJECT_KIND_SELLER: "Sellers",
		commonv1.SubjectKind_SUBJECT_KIND_BUYER: "Buyers", commonv1.SubjectKind_SUBJECT_KIND_PRODUCT: "Products", commonv1.SubjectKind_SUBJECT_KIND_TOUCHPOINT: "Touchpoints",
		commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE: "Employees",
	},
}
