package profile

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// Numbers of the fields that Attributes reads.
const (
	fieldAttributes protowire.Number = 3
	fieldKey        protowire.Number = 1
	fieldValue      protowire.Number = 2
	fieldText       protowire.Number = 1
	fieldNumber     protowire.Number = 2
	fieldFlag       protowire.Number = 3
)

// Attributes reads of what Pack wrote the attributes alone: walks along everybody need
// nothing else, and all of a profile is several times the work.
func Attributes(b []byte) (all map[string]*segmentationv1.AttributeValue, err error) {
	err = eachField(b, func(number protowire.Number, entry []byte, _ uint64) error {
		if number != fieldAttributes {
			return nil
		}
		name, value := "", &segmentationv1.AttributeValue{}
		err := eachField(entry, func(number protowire.Number, b []byte, _ uint64) error {
			switch number {
			case fieldKey:
				name = string(b)
			case fieldValue:
				return readValue(b, value)
			}
			return nil
		})
		if all == nil {
			all = map[string]*segmentationv1.AttributeValue{}
		}
		all[name] = value
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	return all, nil
}

func readValue(b []byte, into *segmentationv1.AttributeValue) error {
	return eachField(b, func(number protowire.Number, b []byte, n uint64) error {
		switch number {
		case fieldText:
			into.Value = &segmentationv1.AttributeValue_Text{Text: string(b)}
		case fieldNumber:
			into.Value = &segmentationv1.AttributeValue_Number{Number: math.Float64frombits(n)}
		case fieldFlag:
			into.Value = &segmentationv1.AttributeValue_Flag{Flag: n != 0}
		}
		return nil
	})
}

// eachField hands the fields of a message to fn, each as bytes or as a number.
func eachField(b []byte, fn func(number protowire.Number, b []byte, n uint64) error) error {
	for len(b) > 0 {
		number, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = b[size:]
		var text []byte
		var n uint64
		switch kind {
		case protowire.BytesType:
			text, size = protowire.ConsumeBytes(b)
		case protowire.Fixed64Type:
			n, size = protowire.ConsumeFixed64(b)
		case protowire.VarintType:
			n, size = protowire.ConsumeVarint(b)
		default:
			size = protowire.ConsumeFieldValue(number, kind, b)
		}
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = b[size:]
		if err := fn(number, text, n); err != nil {
			return err
		}
	}
	return nil
}
