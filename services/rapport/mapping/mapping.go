// Package mapping turns files of other systems into requests of the suite: it
// reads a mapping, a YAML file that says what an import needs and how a row
// becomes a response, a customer or events, and gives the messages row by row.
//
// A mapping is the message in its proto JSON form whose leaves may take values
// from the row: "{column}". The language is described, with two worked examples,
// in deploy/examples/README.md. It is strict: a key, a field or a column that
// does not exist is an error that names its line before the first row is read.
package mapping

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/rapport/mapping/records"
)

// Mapping is a whole mapping file.
type Mapping struct {
	// Brand is whose data it is.
	Brand string
	// Metrics and Surveys are defined before the first response.
	Metrics []*surveyv1.Metric
	Surveys []*surveyv1.Survey
	// Subjects make the directory, in this order; parents come first.
	Subjects []*Block
	// Responses, Customers and Events are what is imported, each by its own command.
	Responses []*Block
	Customers []*Block
	Events    []*Block
	// Attributes are declared before the first customer, Kinds described before the
	// first event.
	Attributes []*segmentationv1.Attribute
	Kinds      []*journeyv1.EventKind
	// Programmes are made before the first of Offers; Sendings and Redemptions come after
	// these, in this order.
	Programmes  []*loyaltyv1.Programme
	Offers      []*Block
	Sendings    []*Block
	Redemptions []*Block

	files  map[string]*file
	tables []*table
}

// Block makes messages of one kind of the rows of one file, or one message of
// nothing at all.
type Block struct {
	from    *file
	columns []string // of from, that are used
	// group: the rows that share the value of by are one, and the first of lookups
	// finds all of them.
	group   bool
	by      template
	lookups []*lookup
	skip    []condition
	first   *template // a row counts only if none before had this value
	shape   *shape
	each    []variant // what a row becomes beside what shape says; none: one message
}

// file is a file of the mapping and how it is read.
type file struct {
	name   string
	path   string
	kind   string // csv, ndjson or, by the file's name, either
	format records.Format
	blank  map[string]bool
}

// table is a file that is looked into by the value of one column. It is loaded
// once, with the columns that somebody uses.
type table struct {
	file    *file
	key     string
	take    take
	columns []string
}

// take says which of the records with one key are meant.
type take int

const (
	takeOnly take = iota // a second one is an error of the file
	takeFirst
	takeLast
	takeAll
)

// lookup finds records of a table for each row of a block. Without a table it is
// the rows of the block's own group.
type lookup struct {
	name     string
	table    *table
	key      template
	via      span // the lookup with many records that key goes through
	many     bool
	optional bool
}

// Load reads a mapping file.
func Load(path string) (*Mapping, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read mapping: %w", err)
	}
	return Parse(text, filepath.Base(path))
}

// Parse reads the text of a mapping; name stands in its errors.
func Parse(text []byte, name string) (*Mapping, error) {
	root, err := parseYAML(text, name)
	if err != nil {
		return nil, err
	}
	p := &parser{m: &Mapping{files: map[string]*file{}}, zone: time.UTC}
	if err := p.mapping(root); err != nil {
		return nil, err
	}
	return p.m, nil
}

// From is the name of the block's file; "" if it has none.
func (b *Block) From() string {
	if b.from == nil {
		return ""
	}
	return b.from.name
}
