// Package mapping turns files of other systems into requests of the suite: it
// reads a mapping, a YAML file that says what an import needs and how a row
// becomes a response, and gives the messages row by row.
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
	// Responses are what is imported.
	Responses []*Block

	files  map[string]*file
	tables []*table
}

// Block makes messages of one kind of the rows of one file, or one message of
// nothing at all.
type Block struct {
	from    *file
	columns []string // of from, that are used
	lookups []*lookup
	skip    []condition
	shape   *shape
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

// lookup finds records of a table for each row of a block.
type lookup struct {
	name     string
	table    *table
	key      template
	over     int // the lookup with many records that key goes through; -1: none
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
