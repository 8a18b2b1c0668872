package page

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// words is a catalogue of all that the page says, and how it writes numbers.
// A test holds every field of every language against the others.
type words struct {
	shell.Lang

	// Of the page as a whole.
	Search, Find, Metrics, NoJS, Found, FoundNone, More string
	// Of the windows of time.
	Week, Month, Quarter, Year, All               string
	WeekLong, MonthLong, QuarterLong, YearLong    string
	AllLong, Dates                                string
	Stale, StaleDates, NoneEver, DateFrom, DateTo string
	BeforeWeek, BeforeMonth, BeforeQuarter        string
	BeforeYear, BeforeDates                       string

	// Names of the sections.
	Score, Trend, Channels, Distribution, Ranking, Places, Comments, Cases string

	// Of the score.
	Interval, NoInterval, OfScale, Weighted                 string
	Promoters, Passives, Detractors, Positive, Low          string
	GoodNPS, GreatNPS, Retail, EasyCES                      string
	IsChange, ChangeUp, ChangeDown, ChangeNone, ChangeEqual string
	NoComparison, NothingBefore, NothingNow, Before         string
	TrendHint, TrendRolled, DotTitle, Column, From, To      string

	// Of the ranking.
	Best, Worst, Ranked, Unranked, RankOf, RankSpan, NotRanked, AllRanks, FewRanks, NothingRanked string
	// Of places below the subject.
	MorePlaces string
	// Of comments and cases.
	OnlyLow, AllComments, LowMark, NoComments      string
	OpenCases, ClaimedCases, OverdueCases, NoCases string
	Due, Overdue, Queue, Claimed, Marked           string

	kinds   map[commonv1.SubjectKind]string
	byKinds map[commonv1.SubjectKind]string

	journeyWords
	wholeWords
}

// catalogues are the catalogues, the first for whoever asks for none of them.
var catalogues = []*words{&english, &russian}

// Kind is what one subject of a kind is called.
func (l *words) Kind(k commonv1.SubjectKind) string { return l.kinds[k] }

// Group is what the subjects of a kind are called together.
func (l *words) Group(k commonv1.SubjectKind) string { return l.byKinds[k] }
