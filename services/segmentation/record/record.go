// Package record is what Segmentation writes into its log: the kinds of facts
// and their bodies. No fact carries an identity or anything else that is
// personal; who a customer is stands in tables, where it can be erased.
package record

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Kinds of facts in Segmentation's log. Numbers are stored: never reuse one.
const (
	// Created gives out the number in Who.
	Created int16 = 1
	// Updated says that what is known of Who changed.
	Updated int16 = 2
	// Merged puts Who behind another number; body MergeCustomersRequest without brand.
	Merged int16 = 3
	// Unmerged takes that back; body MergeCustomersRequest without brand: what Who
	// was merged into, and why no more.
	Unmerged int16 = 4
	// Erased says that what is personal of Who is gone; body EraseCustomerRequest
	// without brand, its id being the erasure's.
	Erased int16 = 5
	// Attribute declares an attribute or changes its title; body Attribute.
	Attribute int16 = 10
)

// Definitions are the kinds that are kept in memory.
var Definitions = append([]int16{Merged, Unmerged, Attribute, RfmRun, Metric}, Trials...)

// Create is the fact that gives out a number.
func Create(id int64) feed.Fact { return about(Created, id) }

// Update is the fact that something is known of a customer that was not before.
func Update(id int64) feed.Fact { return about(Updated, id) }

func about(kind int16, id int64) feed.Fact {
	return feed.Fact{Kind: kind, Day: feed.NoDay, Day2: feed.NoDay, Who: id}
}

// written is how bodies are written: equal facts have equal bytes.
var written = proto.MarshalOptions{Deterministic: true}

// Declare is the fact that declares an attribute.
func Declare(a *segmentationv1.Attribute) (feed.Fact, error) {
	body, err := written.Marshal(a)
	f := about(Attribute, 0)
	f.Body = body
	return f, err
}

// Declared reads an ATTRIBUTE fact.
func Declared(f *feed.Fact) (*segmentationv1.Attribute, error) {
	a := &segmentationv1.Attribute{}
	if err := proto.Unmarshal(f.Body, a); err != nil {
		return nil, fmt.Errorf("fact %d: read attribute: %w", f.Seq, err)
	}
	return a, nil
}
