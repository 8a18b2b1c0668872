package audience

import (
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

var english = words{
	Lang:   shell.English,
	person: []string{"person", "persons"}, purchase: []string{"purchase", "purchases"},

	Segments: "Segments", Panel: "Panel", Migration: "Migration", Drivers: "Drivers", NewSegment: "New segment",
	Interval: "95\u00a0%% interval %s … %s", NoInterval: "too few answers for an interval", NotKnown: "not known", InDays: "%s days",
	LastScore: "Last score: %s", Everything: "any", Below: "below %s", AtLeast: "%s and more", FromBelow: "%s to below %s",
	InSegment: "Segment: %s", Few: "too few", Rest: "The rest", ChosenHead: "Chosen",
	AverageCheck: "Average check", Lifetime: "Lifetime value", PerYear: "Purchases per year", BuyersShare: "Bought something",
	NoData: "There are no customers yet. Bring some: rapport import customers --mapping FILE --dir DATA",

	Chosen: "Who", Standing: "What they say and what they are worth", Portrait: "What they are like", OfAll: "%s of %s", Margin: "±%s points on a share of 50\u00a0%%",
	TooFew:    "Fewer than 100 persons: draw no conclusion. 100 to 150 are needed.",
	Everybody: "Everybody. Click a bar below to choose.", Clear: "Clear all", Except: "except", Only: "only", Remove: "remove",
	AddSegment: "Segment", AddField: "Show field", ChooseMetrics: "Metrics", Add: "Add", WithRest: "Set against the rest", WithoutRest: "Without the rest",
	SaveAs: "Save as a segment", ScoreMissing: "%s is missing here: %s",
	UnknownCount: "not known of %s", OtherCount: "%s have other values", HiddenCount: "values of %s are not told: groups below 5", MeanHead: "mean", RestMean: "the rest %s",
	ValueHead: "Value", PanelHint: "A click on a value chooses it, a second one takes it away. The thin bar is the rest, the line the 95 % interval.",
	Conditions: "Conditions", OverYear: "Purchases of the last 365 days", MetricHead: "Metric", Refine: "Refine", Mostly: "Mostly", MoreValues: "%s more values",

	Members: "Members", Moved: "In 7 days", RuleHead: "Made by", SinceHead: "Since", VersionHead: "Version", StateHead: "State", Archived: "archived",
	NoSegments: "There are no segments yet. Make one from a template, or from the panel.", RolledTo: "Days counted up to",
	RuleList: "list", RuleAlgebra: "other segments", RuleTemplate: "template", RuleExpression: "expression", WhoIsIn: "Who is in it",
	Moves: "Moves of %d days", NoPast: "This version of the segment is too young for that.", AndMore: "and %s more",
	Worth: "What they are worth", BuyersHead: "Buyers", Entered: "Entered", Left: "Left", ToPanel: "In the panel", ToDrivers: "What moves their score", ToMigration: "Who came and went",
	MonthHead: "Month", RetentionHead: "Retention", ChurnHead: "Churn",
	Templates: "Ready rules", ExpressionHead: "Expression", Preview: "Preview", Save: "Save segment", IDHead: "Id", TitleHead: "Title",
	FoundPersons: "It would have %s", Sample: "Some of them", FieldsOf: "Fields to use", NotValid: "This does not work: %s",
	IDHint: "small letters, digits, - and _",

	Grid: "Recency × frequency", Cuts: "Cuts", Runs: "Runs", NoRuns: "RFM was not computed yet. Do so: rapport rfm compute --brand BRAND",
	RunOf: "Up to %s, %s", ByPersons: "Persons", ByMoney: "Money", Recency: "R: days since the last purchase", Frequency: "F: purchases", Monetary: "M: money spent",
	GridHint: "R5 bought lately, F5 bought often. A click shows the panel of a cell by the newest run.", CutHint: "A score is 1 more than the cuts a value exceeds; of days fewer are better.",
	Between: "Between what", Matrix: "Who went where", OverHead: "States", FromHead: "From", ToHead: "To", ChooseSegments: "Choose segments; a person is in the first of them that fits.",
	NewOnes: "new", Gone: "gone", InNone: "in none", Total: "Total", Largest: "Largest moves", UnitsHead: "Persons",
	MatrixHint: "Rows are where people were, columns where they are now; shares are of the row. The framed cells stayed.",

	WhichScore: "Which score", NoDrivers: "No questionnaire has answers both to a score and to its parameters in this time.",
	ExplainedBy: "All parameters together explain %s of it, by %s complete questionnaires.", Derived: "Importance, derived", Stated: "Importance, stated",
	Satisfaction: "Satisfaction", OwnShare: "Own share", WhatToDo: "What to do",
	DriverHint: "Up is more important, right is better done; the lines are the means. A correlation tells where to look, not why.",
	MetricWord: "Metric", SegmentWord: "Segment", AllPersons: "everybody",

	spans: map[string]string{"all": "All time", "365": "Year", "90": "90 days", "30": "30 days", "7": "Week"},
	fields: map[string]string{
		"customer.created_day": "Known since", "customer.numbers": "Customer numbers", "purchases.first_day": "First purchase", "purchases.last_day": "Last purchase",
		"purchases.days_since_last": "Days since the last purchase", "purchases.weeks_in_row": "Weeks in a row with a purchase",
		"visits.last_day": "Last visit", "visits.days_since_last": "Days since the last visit", "visits.count": "Visits",
		"rfm.recency": "RFM: recency", "rfm.frequency": "RFM: frequency", "rfm.monetary": "RFM: money",
		"purchases.count": "Purchases", "purchases.spent": "Money spent", "purchases.average_check": "Average check", "purchases.categories": "Categories bought",
		"purchases.category_count": "How many categories", "purchases.channels": "Bought through", "purchases.channel_count": "How many channels",
		"purchases.occasions": "Occasions", "purchases.occasion_count": "How many occasions", "returns.count": "Returns", "returns.spent": "Money returned",
	},
	overs: map[string]string{
		"recency": "RFM: recency", "frequency": "RFM: frequency", "monetary": "RFM: money", "rf": "RFM: recency and frequency",
		"segments": "Segments", "occasions": "Occasions of purchases",
	},
	quadrants: map[surveyv1.Driver_Quadrant]string{
		surveyv1.Driver_QUADRANT_UNSPECIFIED: "too few answers", surveyv1.Driver_QUADRANT_MEND: "mend first", surveyv1.Driver_QUADRANT_KEEP: "keep it up",
		surveyv1.Driver_QUADRANT_WATCH: "watch", surveyv1.Driver_QUADRANT_EASE: "maybe more than needed",
	},
}
