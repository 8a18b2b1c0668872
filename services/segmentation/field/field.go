// Package field is what rules can read of a person: what was bought and brought
// back, when it came, what the brand wrote down, what the person last said, and its place in the
// newest RFM run.
//
// Everything is as of a day of the brand's calendar: a window of N days is N whole
// days including that one, and what happened on a later day does not exist yet. So
// values change of themselves when a day begins; Watch tells which day that is.
//
// Money is in whole minor units of the brand's currency. What is not known of a
// person has its type's zero, and Known tells the two apart.
package field

import (
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// Person is what is known of one person: of all its numbers together.
type Person struct {
	// Created is the day of the first of its numbers.
	Created calendar.Day
	// Numbers is how many numbers are the person's; 0 is read as 1.
	Numbers    int
	Attributes profile.Attributes
	// Purchases, and visits, are joined over all numbers; nil: none.
	Purchases *purchase.History
	// Scores are the last ones given, by metric.
	Scores map[string]Score
	// RFM is the place in the newest run; nil: the person is not in it.
	RFM *Scores
}

// Score is what a person last answered to a metric's question, on the scale that it
// was asked in, and the day of the answer.
type Score struct {
	Value float64
	Day   calendar.Day
}

// Scores are a person's place in an RFM run, each 1 to 5.
type Scores struct {
	Recency, Frequency, Monetary int32
}

// Group is where a field's value comes from: a fact of one group changes no field of
// another. Groups are bits, so that many are one number.
type Group uint8

// The groups.
const (
	Identity Group = 1 << iota
	Attributes
	Purchases
	Answers
	RFM
	Visits
)

// Rolls tells whether a group has fields that can change when a day begins.
func (g Group) Rolls() bool { return g&(Purchases|Visits|Answers) != 0 }

// Field is one thing that rules can read. It is the same wherever it is looked up,
// and needs no catalogue to be read.
type Field struct {
	Name        string
	Type        segmentationv1.FieldType
	Group       Group
	Description string

	what what
	// span is which window it looks at.
	span span
	// kind is which traits it looks at.
	kind purchase.TraitKind
	// key is the attribute's, the metric's or the category's name.
	key string
}

// what a field reads.
type what uint8

const (
	readCount what = iota + 1
	readSpent
	readAverage
	readFirst
	readLast
	readAge
	readTraits
	readTraitCount
	readWeeks
	readReturns
	readReturned
	readCreated
	readNumbers
	readAttribute
	readScore
	readRecency
	readFrequency
	readMonetary
	readCategoryCount
	readCategoryWeeks
	readVisits
	readLastVisit
	readVisitAge
	readScoreAge
)

// Rolls tells whether the field can change when a day begins and nothing happens.
func (f *Field) Rolls() bool {
	return f.Counts() || f.what == readWeeks || f.what == readCategoryWeeks || f.span != ever
}

// Short names of the types.
const (
	text    = segmentationv1.FieldType_FIELD_TYPE_TEXT
	number  = segmentationv1.FieldType_FIELD_TYPE_NUMBER
	integer = segmentationv1.FieldType_FIELD_TYPE_INTEGER
	flag    = segmentationv1.FieldType_FIELD_TYPE_BOOL
	day     = segmentationv1.FieldType_FIELD_TYPE_DAY
	texts   = segmentationv1.FieldType_FIELD_TYPE_TEXTS
)
