package board

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

	// Of the pages.
	Omnichannel, League, Scorecard, Cases    string
	Dates, DateFrom, DateTo, AllTime         string
	Choose, Everywhere, AllAlike, Any        string
	Kind, Metric, Region, Label, MinN, Apply string
	NameHead, ValueHead, IntervalHead        string
	ChangeHead, YearHead, GoalHead           string

	// Of figures.
	OfScale, NoInterval, Worth, Few, Suppressed, OutOf    string
	Goal, GoalMet, GoalShort, Benchmark, OfWeighted       string
	BeyondChance, WithinChance, NothingThen, Then         string
	BeforeDays, YearBefore                                string
	Lost, Figures, ByChannel, Matrix, Parameters          string
	Rates, OffNorm, PartsTitle, PartHead, StateHead       string
	FreshHead, NothingHere, SeeAll, Total                 string
	ResponsesHead, OrdersHead, ChannelHead, ReasonHead    string
	ShareHead, MatrixNote, ComparedNote                   string
	Tier, TierNote, PlaceHead, Ranked, Unranked           string
	NothingRanked, RankTitle, RankOf, RankSpan, NotRanked string
	PeersBy, WholeTable, MainScore, Today, DaysOf         string
	Rolling, RollingHint, Gaps, GapsNote, PeersHead       string
	GapHead, AllScores, Comments, NoComments, OpenCases   string
	OldPage, NumbersOf, From                              string

	// Of ways on.
	ByItself, AskHere, AsHeat, AsLeague string

	// Of the map.
	Heat, HeatChoose, HeatTitle, HeatWhole, HeatOneClass string
	HeatNoClass, HeatTogether, HeatUnranked, HeatGap     string
	HeatPlace, HeatPlaces, HeatOrder, HeatShown          string
	HeatNothing, HeatLost, HeatNote, HeatColumns         string

	// Of cases.
	QueueTitle, FilterTitle, CasesTitle, OpenWord, ClaimedWord, OverdueWord                           string
	ResolvedWord, AverageWord, QueueHead, Mine, OverdueOnly, WhoAreYou                                string
	YourName, NameHint, Keep, NoCases, Left, LateBy, Marked, Minutes                                  string
	Hours, DaysLong, CaseOf, CaseTitle, AnswersTitle, WorkTitle                                       string
	NotesTitle, CauseHead, DueHead, SubjectHead, CustomerOf, OpenedHead                               string
	ResolvedHead, RootCauseHead, ReopenedHead, AssigneeHead, ScoreHead                                string
	ClaimWord, TakeWord, TakenBy, NoteWord, NoteHint, CallWord, Called                                string
	OutcomeHead, ResolveWord, RootCauseHint, DoneHint, ReopenWord, ReopenWhy                          string
	Conflict, YouAre, Reset, NoNotes, OpenIt, AllOfThem, NobodyWaits, ZoneOf                          string
	ResolveTitle, NameTitle, Change, CustomerHead, StatusHead, RequiredWord, MoreOf, Claimable, Still string

	// steps are what the service writes down by itself, the longer first.
	steps []step

	responses, orders                       []string
	spans, rateNames, partNames, judgements map[string]string
	reasons, caseStates, outcomes, unfilled map[string]string
	standings                               map[reportv1.HeatCell_Standing]string
	states                                  map[reportv1.Section_Status]string
	stateOf                                 map[surveyv1.CaseState]string
	kinds, groups                           map[commonv1.SubjectKind]string
}

// step is the beginning of a note that the service wrote.
type step struct{ English, Words string }

// catalogues are the catalogues, the first for whoever asks for none of them.
var catalogues = []*words{&english, &russian}

// rate is what a rate is called.
func (l *words) rate(name string) string {
	if text := l.rateNames[name]; text != "" {
		return text
	}
	return name
}

// part is what a section of a report is called.
func (l *words) part(name string) string {
	if text := l.partNames[name]; text != "" {
		return text
	}
	return name
}
