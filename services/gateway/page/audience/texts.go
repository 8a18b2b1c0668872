package audience

import (
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// words is a catalogue of all that these pages say. A test holds every field of
// every language against the others.
type words struct {
	shell.Lang

	// The forms of words that are counted.
	person, purchase []string

	// Of the pages, and of numbers everywhere.
	Segments, Panel, Migration, Drivers, NewSegment               string
	Interval, NoInterval, NotKnown, InDays, LastScore, Everything string
	Below, AtLeast, FromBelow, InSegment, Few, Rest, ChosenHead   string
	AverageCheck, Lifetime, PerYear, BuyersShare, NoData          string

	// Of the panel.
	Chosen, Standing, Portrait, OfAll, Margin, TooFew, Everybody, Clear, Except, Only, Remove   string
	AddSegment, AddField, ChooseMetrics, Add, WithRest, WithoutRest, SaveAs, ScoreMissing       string
	UnknownCount, OtherCount, HiddenCount, MeanHead, RestMean, ValueHead, PanelHint, Conditions string
	OverYear, MetricHead, Refine, Mostly, MoreValues                                            string

	// Of segments.
	Members, Moved, RuleHead, SinceHead, VersionHead, StateHead, Archived, NoSegments, RolledTo            string
	RuleList, RuleAlgebra, RuleTemplate, RuleExpression, WhoIsIn, Moves, NoPast, AndMore                   string
	Worth, BuyersHead, Entered, Left, ToPanel, ToDrivers, ToMigration, MonthHead, RetentionHead, ChurnHead string
	Templates, ExpressionHead, Preview, Save, IDHead, TitleHead, FoundPersons, Sample, FieldsOf            string
	NotValid, IDHint                                                                                       string

	// Of the grid and of migration.
	Grid, Cuts, Runs, NoRuns, RunOf, ByPersons, ByMoney, Recency, Frequency, Monetary, GridHint string
	Between, Matrix, OverHead, FromHead, ToHead, ChooseSegments, NewOnes, Gone, InNone, Total   string
	Largest, UnitsHead, MatrixHint, CutHint                                                     string

	// Of drivers.
	WhichScore, NoDrivers, ExplainedBy, Derived, Stated, Satisfaction, OwnShare, WhatToDo, DriverHint string
	MetricWord, SegmentWord, AllPersons                                                               string

	spans     map[string]string
	fields    map[string]string
	overs     map[string]string
	quadrants map[surveyv1.Driver_Quadrant]string
}

// catalogues are the catalogues, the first for whoever asks for none of them.
var catalogues = []*words{&english, &russian}

// Persons counts them in words.
func (l *words) Persons(n int64) string { return l.Counted(n, l.person) }
