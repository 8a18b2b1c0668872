package lake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// Row is an event as it lies in a file. Nothing in it is personal: a customer is a
// number. No column is ever null, which is what all engines read fastest; a number
// that is not known is 0, a text the empty one.
type Row struct {
	EventID    int64  `parquet:"event_id,delta"`
	CustomerID int64  `parquet:"customer_id,delta"`
	OrderID    string `parquet:"order_id"`
	Kind       string `parquet:"kind,dict"`
	// Channel is the name of a common.v1.Channel without its prefix.
	Channel string `parquet:"channel,dict"`
	// Subjects is a JSON array of texts such as "STORE:17", in the event's order.
	Subjects   string `parquet:"subjects,dict"`
	Touchpoint string `parquet:"touchpoint,dict"`
	Reason     string `parquet:"reason,dict"`
	Employee   bool   `parquet:"employee"`
	// OccurredAt is in Unix microseconds; Day its date in the brand's zone.
	OccurredAt int64 `parquet:"occurred_at,delta,timestamp(microsecond)"`
	Day        int32 `parquet:"day,delta,date"`
	Sequence   int32 `parquet:"sequence,delta"`
	// Amount is in minor units of the brand's currency, Items in thousandths.
	Amount int64 `parquet:"amount_minor,delta"`
	Items  int64 `parquet:"items_milli,delta"`
}

// newRow is the row of an event's fact.
func newRow(f *feed.Fact, p *record.Packed) Row {
	return Row{
		EventID: p.Number, CustomerID: p.Who, OrderID: p.Order, Kind: p.Kind,
		Channel: channelText(p.Channel), Subjects: subjectsText(p.Subjects), Touchpoint: p.Touchpoint,
		Reason: p.Reason, Employee: p.Employee, OccurredAt: p.At, Day: f.Day, Sequence: p.Sequence,
		Amount: p.Amount, Items: p.Items,
	}
}

// compareRows is the order of rows in a file: a customer's, then an order's events
// together, in their order.
func compareRows(a, b *Row) int {
	return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.OccurredAt, b.OccurredAt),
		cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.EventID, b.EventID))
}

func sortRows(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int { return compareRows(&a, &b) })
}

// bucket is where the events of a customer are, or of an order without one.
func bucket[T string | []byte](customer int64, order T) int {
	if customer != 0 {
		return int(mix(uint64(customer)) % Buckets)
	}
	return int(uint64(hashOrder(order)) % Buckets)
}

// hashOrder is the number that stands for an order: FNV-1a, mixed. It is in no file,
// but it says in which file an event without a customer is: it never changes.
func hashOrder[T string | []byte](order T) int64 {
	h := uint64(14695981039346656037)
	for i := range len(order) {
		h = (h ^ uint64(order[i])) * 1099511628211
	}
	return int64(mix(h))
}

// mix spreads a number over all bits (the finisher of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func channelText(c commonv1.Channel) string {
	if c == commonv1.Channel_CHANNEL_UNSPECIFIED {
		return ""
	}
	return strings.TrimPrefix(c.String(), "CHANNEL_")
}

func parseChannel(text string) (uint8, error) {
	if text == "" {
		return 0, nil
	}
	if n, ok := commonv1.Channel_value["CHANNEL_"+text]; ok {
		return uint8(n), nil
	}
	// A channel that an older build does not know is written as its number.
	n, err := strconv.ParseUint(text, 10, 8)
	return uint8(n), err
}

func subjectsText(subjects []record.Subject) string {
	if len(subjects) == 0 {
		return "[]"
	}
	texts := make([]string, len(subjects))
	for i, s := range subjects {
		texts[i] = strings.TrimPrefix(s.Kind.String(), "SUBJECT_KIND_") + ":" + s.ID
	}
	out, _ := json.Marshal(texts) // texts never fail
	return string(out)
}

func parseSubjects(text string) ([]record.Subject, error) {
	var texts []string
	if err := json.Unmarshal([]byte(text), &texts); err != nil {
		return nil, fmt.Errorf("subjects %q: %w", text, err)
	}
	subjects := make([]record.Subject, len(texts))
	for i, t := range texts {
		kind, id, _ := strings.Cut(t, ":")
		n, ok := commonv1.SubjectKind_value["SUBJECT_KIND_"+kind]
		if !ok {
			number, err := strconv.ParseInt(kind, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("subjects %q: %w", text, err)
			}
			n = int32(number)
		}
		subjects[i] = record.Subject{Kind: commonv1.SubjectKind(n), ID: id}
	}
	return subjects, nil
}
