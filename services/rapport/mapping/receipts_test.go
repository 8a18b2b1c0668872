package mapping

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// receipts makes the events of rows of the columns id, sku, price, n and at, by a
// block that is given without its from; a reject stands as its error.
func receipts(t *testing.T, block string, rows ...string) []string {
	t.Helper()
	text := "brand: demo\nfiles: {rows: rows.csv, goods: goods.csv, paid: paid.csv}\nevents:\n  - from: rows\n" + block
	return madeOf(t, text, map[string]string{
		"rows.csv":  "id,sku,price,n,at\n" + strings.Join(rows, "\n"),
		"goods.csv": "sku,group,seller\na,fruit,s1\nb,bread,s2\nc,,s1\n",
		"paid.csv":  "id,value,kind\n1,0.10,card\n1,0.20,card\n1,0.20,bonus\n2,x,card\n",
	})
}

// madeOf makes all events and customers of a mapping over files.
func madeOf(t *testing.T, text string, files map[string]string) []string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := Parse([]byte(text), "m.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.Data(dir, nil, func(r *Reject) { t.Error(r) })
	if err != nil {
		t.Fatal(err)
	}
	out := texts(t, d, m.Events, func() proto.Message { return &journeyv1.Event{} })
	return append(out, texts(t, d, m.Customers, func() proto.Message { return &segmentationv1.Customer{} })...)
}

// same compares texts of messages by what they say.
func same[M proto.Message](t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d: %s\nwant %d: %s", len(got), strings.Join(got, "\n"), len(want), strings.Join(want, "\n"))
	}
	var zero M
	for i := range got {
		a, b := zero.ProtoReflect().New().Interface(), zero.ProtoReflect().New().Interface()
		if prototext.Unmarshal([]byte(want[i]), b) != nil {
			if got[i] != want[i] {
				t.Errorf("%d: got  %s\nwant %s", i, got[i], want[i])
			}
			continue
		}
		if err := prototext.Unmarshal([]byte(got[i]), a); err != nil {
			t.Errorf("%d: %s", i, got[i])
		} else if diff := cmp.Diff(b, a, protocmp.Transform()); diff != "" {
			t.Errorf("%d: %s", i, diff)
		}
	}
}

const invoice = `    group: {by: "{id}", as: line}
    skip: [{value: "{n}", at_most: "0"}]
    event:
      source: till
      external_id: "{id}"
      kind: purchase
      occurred_at: "{at}"
      lines:
        - sku: "{line.sku}"
          quantity_milli: {value: "{line.n}", times: 1000}
          amount: {currency: RUB, minor_units: {value: "{line.price}", times: ["{line.n}", 100]}}
`

const noon, later = "2026-03-02T12:00:00Z", "2026-03-02T12:01:00Z"

func bought(sku string, milli, kopecks int) string {
	return fmt.Sprintf(`lines: {sku: %q quantity_milli: %d amount: {currency: "RUB" minor_units: %d}} `, sku, milli, kopecks)
}

func receipt(id string, lines ...string) string {
	return fmt.Sprintf(`source: "till" external_id: %q kind: "purchase" occurred_at: {seconds: 1772452800} `, id) + strings.Join(lines, "")
}

func TestGroups(t *testing.T) {
	// Two tills write at once; a line that is skipped belongs to nobody; equal lines
	// are as many; the time is that of the first row.
	got := receipts(t, invoice, "1,a,0.10,3,"+noon, "2,b,1.1,1.5,"+noon, "1,a,0.10,3,"+later, "1,c,5,0,"+noon, "2,a,2,1,"+later)
	same[*journeyv1.Event](t, got, "skipped",
		receipt("1", bought("a", 3000, 30), bought("a", 3000, 30)), receipt("2", bought("b", 1500, 165), bought("a", 1000, 200)))

	// A bad line spoils its receipt, tells where it stands, and no other receipt.
	got = receipts(t, invoice, "1,a,0.10,1,"+noon, "2,b,1,1,"+noon, "1,a,0.105,1,"+noon)
	same[*journeyv1.Event](t, got, receipt("2", bought("b", 1000, 100)),
		`rows:4: lines[0].amount.minor_units: "10.5" is not a whole number FIELD_INVALID`)

	// Without a key there is no receipt to belong to.
	got = receipts(t, invoice, ",a,1,1,"+noon)
	same[*journeyv1.Event](t, got, "rows:2: what the rows of its group share is blank GROUP_BROKEN")
}

// A group that goes on after a thousand rows of others is told, not made twice.
func TestGroupApart(t *testing.T) {
	rows := []string{"1,a,1,1," + noon}
	for i := range maxApart + 1 {
		rows = append(rows, fmt.Sprintf("x%d,a,1,1,%s", i, noon))
	}
	got := receipts(t, invoice, append(rows, "1,b,1,1,"+noon)...)
	same[*journeyv1.Event](t, got[:1], receipt("1", bought("a", 1000, 100)))
	bad := 0
	for _, one := range got {
		if strings.Contains(one, "GROUP_BROKEN") {
			bad++
			if want := `rows:1004: "1" is closed: its rows stand more than 1000 rows apart, or one of them cannot be used GROUP_BROKEN`; one != want {
				t.Errorf("%s, want %s", one, want)
			}
		}
	}
	if bad != 1 || len(got) != maxApart+3 {
		t.Errorf("%d messages, %d rejects", len(got), bad)
	}
}

// What cannot be told apart takes the whole receipt along: without one of its
// lines it would be another.
func TestGroupFalls(t *testing.T) {
	block := strings.Replace(invoice, `skip: [{value: "{n}"`, `skip: [{value: {value: "{n}", map: {"1": "1"}}`, 1)
	got := receipts(t, block, "1,a,1,1,"+noon, "1,a,1,7,"+noon, "2,a,1,7,"+noon, "2,a,1,1,"+noon)
	if len(got) != 4 || !strings.HasPrefix(got[0], "rows:3: ") || !strings.HasPrefix(got[1], "rows:4: ") ||
		!strings.HasPrefix(got[2], "rows:5: ") || got[3] != "rows:2: row 3 of its group cannot be used FIELD_INVALID" {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

const milestones = `    lookup:
      paid: {file: paid, column: id, is: "{id}", take: all, optional: true}
    event: {source: shop, order_id: "{id}", channel: WEB}
    each:
      - event: {external_id: "{id}/placed", kind: order.placed, occurred_at: "{at}", amount: {currency: RUB, minor_units: {value: "{paid.value}", times: 100, sum: true}}}
      - when: [{value: "{sku}", is: [gone]}]
        event: {external_id: "{id}/gone", kind: order.cancelled.shop, channel: APP, occurred_at: "{at}"}
      - event: {external_id: "{id}/done", kind: order.delivered, occurred_at: "{price}", sequence: "{@line}"}
`

func TestEach(t *testing.T) {
	event := func(what, kind, more string) string {
		return fmt.Sprintf(`source: "shop" order_id: "1" external_id: "1/%s" kind: "%s" occurred_at: {seconds: 1772452800} %s`, what, kind, more)
	}
	paid := `channel: CHANNEL_WEB amount: {currency: "RUB" minor_units: 50}`
	same[*journeyv1.Event](t, receipts(t, milestones, "1,a,,,"+noon), event("placed", "order.placed", paid))
	same[*journeyv1.Event](t, receipts(t, milestones, "1,gone,"+noon+",,"+noon), event("placed", "order.placed", paid),
		event("gone", "order.cancelled.shop", "channel: CHANNEL_APP"), event("done", "order.delivered", "channel: CHANNEL_WEB sequence: 2"))
	// Nothing happened, or one of two things cannot be read.
	same[*journeyv1.Event](t, receipts(t, milestones, "1,a,,,"), "skipped")
	same[*journeyv1.Event](t, receipts(t, milestones, "1,a,,,"+noon, "2,a,"+noon+",,"+noon),
		event("placed", "order.placed", paid), `rows:3: amount.minor_units: "x" is not a decimal number FIELD_INVALID`,
		strings.ReplaceAll(event("done", "order.delivered", "channel: CHANNEL_WEB sequence: 3"), `"1`, `"2`))
}

// Each line of a receipt has what belongs to its own article.
func TestThrough(t *testing.T) {
	block := strings.Replace(invoice, "    skip", `    lookup: {good: {file: goods, column: sku, is: "{line.sku}", optional: true}}
    skip`, 1) + `          category: {value: "{good.group}", default: other}
      subjects: [{kind: SELLER, id: "{good.seller}"}]
`
	got := receipts(t, block, "1,a,1,1,"+noon, "1,b,1,1,"+noon, "1,c,1,1,"+noon, "1,d,1,1,"+noon, "1,a,1,1,"+noon)
	line := func(sku, category string) string {
		return fmt.Sprintf(`lines: {sku: %q category: %q quantity_milli: 1000 amount: {currency: "RUB" minor_units: 100}} `, sku, category)
	}
	same[*journeyv1.Event](t, got, receipt("1", line("a", "fruit"), line("b", "bread"), line("c", "other"), line("d", "other"), line("a", "fruit"),
		`subjects: {kind: SUBJECT_KIND_SELLER id: "s1"} subjects: {kind: SUBJECT_KIND_SELLER id: "s2"}`))
}

func TestNumbers(t *testing.T) {
	block := func(value string) string {
		return "    event: {source: s, external_id: '{id}', kind: k, occurred_at: '" + noon + "', reason: " + value + "}\n"
	}
	for _, tt := range []struct{ value, row, want string }{
		{"{value: '{price}', times: 100}", "1,,19.99,,", "1999"},
		{"{value: '{price}', times: ['{n}', 100]}", "1,,0.1,3,", "30"},
		{"{value: '{price}', times: '{n}'}", "1,,5,,", ""},
		{"{value: '{price}', times: {value: '-1', when: [{value: '{id}', starts: [C, D]}], default: '1'}}", "C1,,5,,", "-5"},
		{"{value: '{price}', times: {value: '-1', when: [{value: '{id}', starts: [C, D]}], default: '1'}}", "1C,,5,,", "5"},
		{"{value: '{price}', times: 1}", "1,,17850.0,,", "17850"},
		{"{value: '{price}', times: 100, round: down}", "1,,0.019,,", "1"},
		{"{value: '{price}', times: -100, round: down}", "1,,0.019,,", "-1"},
		{"{value: '{price}', comma: true, times: 100}", "1,,\"1 234,5\",,", "123450"},
		{"{value: '{price}', comma: true}", "1,,\"12\u00a0345,00\",,", "12345"},
	} {
		want := fmt.Sprintf(`source: "s" external_id: %q kind: "k" occurred_at: {seconds: 1772452800}`, tt.row[:strings.IndexByte(tt.row, ',')])
		if tt.want != "" {
			want += fmt.Sprintf(" reason: %q", tt.want)
		}
		same[*journeyv1.Event](t, receipts(t, block(tt.value), tt.row), want)
	}
	same[*journeyv1.Event](t, receipts(t, block("{value: '{price}', times: 100}"), "1,,ten,,", "1,,1e2,,", "1,,9223372036854775807,,"),
		`rows:2: reason: "ten" is not a decimal number FIELD_INVALID`, `rows:3: reason: "1e2" is not a decimal number FIELD_INVALID`,
		"rows:4: reason: a number is too large to be counted exactly FIELD_INVALID")
}

func TestCustomers(t *testing.T) {
	const text = `brand: demo
zone: Europe/Moscow
files: {people: people.csv}
attributes:
  - {name: city, type: TEXT}
  - {name: age, type: NUMBER}
  - {name: member, type: BOOL}
  - {name: born, type: DATE, personal: true}
customers:
  - from: people
    first_of: "{card}"
    customer:
      identities: [{kind: CARD, value: "{card}"}, {kind: EMAIL, value: "{mail}"}]
      zone: Asia/Omsk
      locale: ru
      attributes:
        city: "{city}"
        age: "{age}"
        member: {value: "{member}", map: {"1": "true", "0": "false"}}
        born: {value: "{born}", time: "%d.%m.%Y"}
      consents:
        - {purpose: marketing, mode: SMS, granted: {value: "{sms}", map: {y: "true", n: "false"}}, at: "2026-03-02T12:00:00Z"}
`
	got := madeOf(t, text, map[string]string{"people.csv": "card,mail,city,age,member,born,sms\n" +
		"1,a@b.c,Омск,41.5,1,31.01.1985,n\n1,z@b.c,,,,,\n2,,,,0,,\n3,,,old,,,\n4,,,,,1985,\n"})
	same[*segmentationv1.Customer](t, got,
		`identities: {kind: KIND_CARD value: "1"} identities: {kind: KIND_EMAIL value: "a@b.c"} zone: "Asia/Omsk" locale: "ru"
		attributes: {key: "city" value: {text: "Омск"}} attributes: {key: "age" value: {number: 41.5}}
		attributes: {key: "member" value: {flag: true}} attributes: {key: "born" value: {text: "1985-01-31"}}
		consents: {purpose: "marketing" mode: CONTACT_MODE_SMS granted: false at: {seconds: 1772452800}}`,
		"skipped",
		`identities: {kind: KIND_CARD value: "2"} zone: "Asia/Omsk" locale: "ru" attributes: {key: "member" value: {flag: false}}`,
		`people:5: attributes[age]: "old" is not a number FIELD_INVALID`,
		`people:6: attributes[born]: "1985" is not a time of the form %d.%m.%Y FIELD_INVALID`)
}

func TestSectionsRefused(t *testing.T) {
	events := "brand: b\nfiles: {f: f.csv}\nevents:\n- from: f\n"
	full := "  event: {source: s, external_id: '{id}', kind: k, occurred_at: '{at}'}\n"
	for _, tt := range []struct{ text, want string }{
		{events + "  event: {source: s, external_id: x, kind: k}", "m.yaml:5: events[0].event: occurred_at is missing"},
		{events + "  event: {source: s}\n  each: [{event: {external_id: x, kind: k}}]", "m.yaml:6: events[0].each[0].event: occurred_at is missing"},
		{events + full + "  each: []", "m.yaml:6: events[0].each: at least one is needed here"},
		{events + full + "  each: [{when: []}]", "m.yaml:6: events[0].each[0]: event is missing"},
		{events + full + "  group: {by: '{id}'}", "m.yaml:6: events[0].group: by and as are needed: the value that the rows share, and a name for all of them"},
		{events + full + "  group: {by: '{id}', as: a.b}", "m.yaml:6: events[0].group.as: the name of a lookup has no dot"},
		{events + full + "  group: {by: '{id}', as: l}\n  lookup: {l: {file: f, column: id, is: x}}", "m.yaml:7: events[0].lookup.l: the rows of the group have this name"},
		{events + "  group: {by: '{id}', as: l}\n  event: {source: s, external_id: '{l.id}', kind: k, occurred_at: '{at}'}",
			"m.yaml:6: events[0].event.external_id: {l.id}: l has many records, which only an element of a list may take from"},
		{events + "  event: {source: s, external_id: x, kind: k, occurred_at: '{at}', sequence: {value: '{id}', sum: true}}",
			"m.yaml:5: events[0].event.sequence: sum adds up many records; this takes from none that has many"},
		{events + "  event: {source: s, external_id: x, kind: k, occurred_at: '{at}', sequence: {value: '{id}', round: up}}",
			"m.yaml:5: events[0].event.sequence.round: down is needed here"},
		{"brand: b\nfiles: {f: f.csv}\nresponses:\n- from: f\n  each: []", "m.yaml:5: responses[0].each: unknown key; known are from, lookup, skip, first_of, group, response"},
		{"brand: b\nfiles: {f: f.csv}\ncustomers:\n- from: f\n  customer: {zone: x}", "m.yaml:5: customers[0].customer: identities is missing"},
		{"brand: b\nfiles: {f: f.csv}\ncustomers:\n- from: f\n  customer: {identities: [], attributes: {city: x}}",
			"m.yaml:5: customers[0].customer.attributes.city: city is not declared under attributes"},
		{"brand: b\nfiles: {f: f.csv}\nattributes: [{name: city}]\ncustomers:\n- from: f\n  customer: {identities: [], attributes: {city: x}}",
			"m.yaml:6: customers[0].customer.attributes.city: the type of city is missing under attributes"},
		{"brand: b\nkinds: [{kind: k, title: x}]", `m.yaml:2: kinds[0].title: EventKind has no field "title"; it has events, kind, meaning, titles`},
	} {
		if _, err := Parse([]byte(tt.text), "m.yaml"); err == nil || err.Error() != tt.want {
			t.Errorf("%s\ngot  %v\nwant %s", tt.text, err, tt.want)
		}
	}
}
