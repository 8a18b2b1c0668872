package letter

import "github.com/rapport-cx/rapport/services/gateway/page/shell"

// words are what letters say in a language, around how it writes numbers and days.
type words struct {
	*shell.Lang
	Greeting, Whole, Reading, By, AsOf, Why, Open, Stop      string
	Scores, RatesTitle, Channels, OffNorm, Orders, NoChannel string
	Today, Place, PlaceOf, PlaceSpan, Gaps, BesidePeers      string
	Cases, CommentsTitle, TrendTitle, TrendRange             string
	Significant, AimMet, AimMissed, OutOf, TooFew, Before    string
	TrialSubject, TrialNote, Missed, RightsEnd               string
	NotHere, SectionMissing, SectionFails, SectionHidden     string
	Rates, Reasons, Sections                                 map[string]string
}
