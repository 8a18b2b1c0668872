package record_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Facts about customers say whom they are about, and nothing that could be personal.
func TestFactsCarryNumbersAlone(t *testing.T) {
	for kind, f := range map[int16]feed.Fact{record.Created: record.Create(7), record.Updated: record.Update(7)} {
		if diff := cmp.Diff(feed.Fact{Kind: kind, Who: 7, Day: feed.NoDay, Day2: feed.NoDay}, f); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDeclared(t *testing.T) {
	in := &segmentationv1.Attribute{Name: "city", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT, Personal: true, Title: "Town"}
	f, err := record.Declare(in)
	if err != nil || f.Day != feed.NoDay || f.Kind != record.Attribute {
		t.Fatal(f, err)
	}
	out, err := record.Declared(&f)
	if diff := cmp.Diff(in, out, protocmp.Transform()); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := record.Declared(&feed.Fact{Kind: record.Attribute, Body: []byte{0xff}}); err == nil {
		t.Error("a broken body was read")
	}
}
