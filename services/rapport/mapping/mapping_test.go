package mapping

import (
	"errors"
	"io"
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
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// head is a mapping up to the fields of its one response.
const head = `brand: demo
zone: America/Sao_Paulo
files:
  rows: {path: rows.csv, blank: [NULL]}
  orders: {path: orders.csv}
  items: items.csv
  sellers: sellers.csv
responses:
  - from: rows
    lookup:
      order: {file: orders, column: id, is: "{order}"}
      item: {file: items, column: order, is: "{order.id}", take: all, optional: true}
      seller: {file: sellers, column: id, is: "{item.seller}", optional: true}
    skip: [{value: "{score}", is: [test]}]
    response:
      survey_id: s
      source: shop
      external_id: "{id}/{order}"
`

// made makes the responses of rows of the columns id, order, score, text and at;
// a reject stands as its error.
func made(t *testing.T, fields string, rows ...string) []string {
	t.Helper()
	files := map[string]string{
		"rows.csv":    "id,order,score,text,at\n" + strings.Join(rows, "\n"),
		"orders.csv":  "id,state\no1,SP\no2,RJ\n,XX\n",
		"items.csv":   "order,seller\no1,a\no1,b\no1,a\no2,\n",
		"sellers.csv": "id,city\na,Rio\nb,Recife\n",
	}
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := Parse([]byte(head+fields), "m.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.Data(dir, nil, func(r *Reject) { t.Error(r) })
	if err != nil {
		t.Fatal(err)
	}
	return texts(t, d, m.Responses[:1], func() proto.Message { return &surveyv1.Response{} })
}

// texts are what blocks make; a reject stands as its error.
func texts(t *testing.T, d *Data, blocks []*Block, made func() proto.Message) (out []string) {
	t.Helper()
	for _, b := range blocks {
		in, err := d.Open(b, made)
		if err != nil {
			t.Fatal(err)
		}
		for {
			row, err := in.Next()
			var bad *Reject
			if errors.Is(err, io.EOF) {
				break
			}
			switch {
			case errors.As(err, &bad):
				out = append(out, bad.Error()+" "+bad.Reason)
			case err != nil:
				t.Fatal(err)
			case row.Message == nil:
				out = append(out, "skipped")
			default:
				text, err := prototext.Marshal(row.Message)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, string(text))
			}
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}
	return out
}

func TestResponses(t *testing.T) {
	const natural = `survey_id: "s" source: "shop" external_id: "1/o1" `
	tests := []struct{ name, fields, row, want string }{
		{"a constant, an enum and a duration", "      channel: PICKUP\n      mode: CONTACT_MODE_QR\n", "1,o1,,,",
			natural + "channel: CHANNEL_PICKUP mode: CONTACT_MODE_QR"},
		{"text keeps its space only if told", "      answers: [{question_id: a, text: '{text}'}, {question_id: b, text: {value: '{text}', trim: false}}]\n",
			"1,o1,,\" x\ny \",", natural + `answers: {question_id: "a" text: "x\ny"} answers: {question_id: "b" text: " x\ny "}`},
		{"a skipped question has no answer", "      answers: [{question_id: a, score: {value: '{score}', blank: ['6']}}]\n", "1,o1,6,,", natural},
		{"a blank of the file", "      answers: [{question_id: a, score: '{score}'}]\n", "1,o1, NULL ,,", natural},
		{"a whole number with a point", "      answers: [{question_id: a, score: '{score}'}]\n", "1,o1,4.0,,",
			natural + `answers: {question_id: "a" score: 4}`},
		{"no fraction is rounded", "      answers: [{question_id: a, score: '{score}'}]\n", "1,o1,4.5,,",
			`rows:2: answers[0].score: "4.5" is not a whole number FIELD_INVALID`},
		{"nor a number out of range", "      answers: [{question_id: a, score: '{score}'}]\n", "1,o1,4294967297,,",
			`rows:2: answers[0].score: "4294967297" is out of range FIELD_INVALID`},
		{"importance", "      answers: [{question_id: a, score: '{score}', importance: '{text}'}]\n", "1,o1,4,9,",
			natural + `answers: {question_id: "a" score: 4 importance: 9}`},
		{"a map, with a word for the others", "      channel: {value: '{text}', map: {shop: STORE, '*': WEB}}\n", "1,o1,,anything,",
			natural + "channel: CHANNEL_WEB"},
		{"a map without one", "      channel: {value: '{text}', map: {shop: STORE}}\n", "1,o1,,anything,",
			`rows:2: channel: "anything" is not in the map FIELD_INVALID`},
		{"a default", "      locale: {value: '{text}', default: '{order.state}'}\n", "1,o1,,,", natural + `locale: "SP"`},
		{"choices", "      answers: [{question_id: a, choice: {option_ids: [{value: '{text}', split: '|', map: {1: one, 2: two, 0: ''}}]}}]\n",
			"1,o1,,1| 2|0,", natural + `answers: {question_id: "a" choice: {option_ids: "one" option_ids: "two"}}`},
		{"each seller once, through two look-ups", "      subjects: [{kind: REGION, id: '{order.state}'}, {kind: SELLER, id: '{item.seller}'}, {kind: STORE, id: '{seller.city}'}]\n",
			"1,o1,,,", natural + `subjects: {kind: SUBJECT_KIND_REGION id: "SP"} subjects: {kind: SUBJECT_KIND_SELLER id: "a"}
			subjects: {kind: SUBJECT_KIND_SELLER id: "b"} subjects: {kind: SUBJECT_KIND_STORE id: "Rio"} subjects: {kind: SUBJECT_KIND_STORE id: "Recife"}`},
		{"a record that must be there", "", "1,o9,,,", `rows:2: order: no record of orders has id "o9" LOOKUP_MISSING`},
		{"no key, no record", "      subjects: [{kind: REGION, id: '{order.state}'}]\n", "1,,,,", `survey_id: "s" source: "shop" external_id: "1/"`},
		{"a row to skip", "", "1,o1,test,,", "skipped"},
		{"a facet that is blank", "      facets: {a.b: '{text}', c: '{order.state}'}\n", "1,o1,,,", natural + `facets: {key: "c" value: "SP"}`},
		{"an identity that is not there", "      customer: {identity: {kind: CARD, value: '{text}'}}\n", "1,o1,,,", natural},
		{"a condition that fails", "      locale: {value: '{text}', when: [{value: '{score}', at_least: '9', at_most: '10'}]}\n", "1,o1,8,pt,", natural},
		{"one that holds", "      locale: {value: '{text}', when: [{value: '{score}', at_least: '9', at_most: '10'}, {value: '{text}', not: ['']}]}\n",
			"1,o1,10,pt,", natural + `locale: "pt"`},
		{"the midnight that São Paulo skips", "      asked_at: {value: '{at}', time: '%Y-%m-%d %H:%M:%S'}\n", "1,o1,,,2017-10-15 00:00:00",
			natural + "asked_at: {seconds: 1508036400}"},
		{"the hour that it has twice", "      asked_at: {value: '{at}', time: ['%d.%m.%y', '%d.%m.%y %H:%M']}\n", "1,o1,,,17.02.18 23:30",
			natural + "asked_at: {seconds: 1518917400}"},
		{"another zone", "      asked_at: {value: '{at}', time: '%b %d %Y %I:%M %p', zone: Europe/Moscow}\n", "1,o1,,,Mar 2 2026 12:05 am",
			natural + "asked_at: {seconds: 1772399100}"},
		{"a zone in the text", "      asked_at: {value: '{at}', time: '%Y-%m-%dT%H:%M:%S.%f%z'}\n", "1,o1,,,2026-03-02T00:00:00.25-03:00",
			natural + "asked_at: {seconds: 1772420400 nanos: 250000000}"},
		{"the proto form of a time", "      asked_at: '{at}'\n", "1,o1,,,2026-03-02T03:00:00Z", natural + "asked_at: {seconds: 1772420400}"},
		{"seconds since 1970", "      asked_at: {value: '{at}', time: '%s'}\n", "1,o1,,,1772420400", natural + "asked_at: {seconds: 1772420400}"},
		{"no such day", "      asked_at: {value: '{at}', time: '%Y-%m-%d'}\n", "1,o1,,,2026-02-30",
			`rows:2: asked_at: "2026-02-30" is no time of the calendar FIELD_INVALID`},
		{"no such form", "      asked_at: {value: '{at}', time: '%Y-%m-%d'}\n", "1,o1,,,2 March",
			`rows:2: asked_at: "2 March" is not a time of the form %Y-%m-%d FIELD_INVALID`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := made(t, tt.fields, tt.row)
			if len(got) != 1 {
				t.Fatalf("%d rows: %q", len(got), got)
			}
			var want, have surveyv1.Response
			if prototext.Unmarshal([]byte(tt.want), &want) != nil {
				if got[0] != tt.want {
					t.Errorf("got  %s\nwant %s", got[0], tt.want)
				}
				return
			}
			if err := prototext.Unmarshal([]byte(got[0]), &have); err != nil {
				t.Fatal(got[0])
			}
			if diff := cmp.Diff(&want, &have, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The rows behind a bad one still come.
func TestRowsGoOn(t *testing.T) {
	got := made(t, "      answers: [{question_id: a, score: '{score}'}]\n", "1,o1,x,,", "2,o1", `3,"o1`, "4,o1,5,,")
	if len(got) != 4 || !strings.Contains(got[3], `"4/o1"`) {
		t.Errorf("%q", got)
	}
}

func TestRefused(t *testing.T) {
	block := "brand: b\nfiles: {f: {path: f.csv}}\nresponses:\n- from: f\n"
	response := block + "  response:\n    survey_id: s\n    source: s\n    external_id: '{id}'\n"
	tests := []struct{ text, want string }{
		{"", "m.yaml:1: the mapping is empty"},
		{"brand: [", "m.yaml:1: did not find expected node content"},
		{"files: {}", "m.yaml:1: brand is missing"},
		{"brand: b\nbrands: c", "m.yaml:2: brands: unknown key; known are brand, zone, files, metrics, surveys, subjects, responses, attributes, customers, kinds, events"},
		{"brand: b\nbrand: c", "m.yaml:2: brand: stands twice"},
		{"brand: b\n---\nbrand: c", "m.yaml:1: a mapping is one document"},
		{"brand: b\nzone: Mars", `m.yaml:2: zone: unknown zone "Mars"`},
		{"brand: b\nmetrics:\n- {name: x, kind: NPSS}", `m.yaml:3: metrics[0].kind: "NPSS" is none of UNSPECIFIED, NPS, CSAT, CES, CSI_ITEM, RATING, LOW_SHARE, CSI_OVERALL`},
		{"brand: b\nmetrics:\n- {name: '{x}'}", "m.yaml:3: metrics[0].name: {x}: there is no row to take it from"},
		{"brand: b\nmetrics:\n- {nam: x}", `m.yaml:3: metrics[0].nam: Metric has no field "nam"; it has description, kind, low_at_most, name, parameters, scale_max, scale_min, threshold, title`},
		{"brand: b\nmetrics:\n- {name: x, scale_min: 1.5}", `m.yaml:3: metrics[0].scale_min: "1.5" is not a whole number`},
		{"brand: b\nmetrics:\n- {scale_min: 1, scaleMin: 1}", "m.yaml:3: metrics[0].scaleMin: stands twice"},
		{block + "  from: g", "m.yaml:5: responses[0].from: stands twice"},
		{block, "m.yaml:4: responses[0]: response is missing"},
		{block + "  response: {survey_id: s, source: s}", "m.yaml:5: responses[0].response: external_id is missing"},
		{response + "    locale: '{x'", `m.yaml:9: responses[0].response.locale: a lone { in "{x"; a brace itself is written twice`},
		{response + "    locale: 'x}'", `m.yaml:9: responses[0].response.locale: a lone } in "x}"; a brace itself is written twice`},
		{response + "    locale: {value: '{x}', mapp: {}}", "m.yaml:9: responses[0].response.locale.mapp: unknown key; known are value, when, split, trim, blank, map, default, comma, times, round, sum, time, zone"},
		{response + "    locale:", "m.yaml:9: responses[0].response.locale: nothing stands here"},
		{response + "    asked_at: {value: '{x}', time: '%q'}", `m.yaml:9: responses[0].response.asked_at.time: unknown %q in "%q"; known are %Y %y %m %b %d %H %I %p %M %S %f %z %s %Q`},
		{response + "    answers: [{question_id: q, score: '{x}', text: '{x}'}]", "m.yaml:9: responses[0].response.answers[0].text: only one of score and text can be given"},
		{response + "    answers: {}", "m.yaml:9: responses[0].response.answers: a list is needed here"},
		{response + "  lookup: {a: {file: g, column: c, is: x}}", `m.yaml:9: responses[0].lookup.a.file: no file "g" under files`},
		{response + "  lookup: {a: {file: f, column: c, is: x, take: many}}", `m.yaml:9: responses[0].lookup.a.take: "many" is not first, last or all`},
		{response + "    locale: '{a.x}'\n  lookup: {a: {file: f, column: c, is: x, take: all}}",
			"m.yaml:9: responses[0].response.locale: {a.x}: a has many records, which only an element of a list may take from"},
		{response + "    subjects: [{kind: STORE, id: '{a.x}{b.x}'}]\n  lookup: {a: {file: f, column: c, is: x, take: all}, b: {file: f, column: d, is: x, take: all}}",
			"both have many records"},
		{response + "  skip: [{value: '{x}'}]", "m.yaml:9: responses[0].skip[0]: a condition is a value and what it is: is, not, starts, at_most or at_least"},
		{"brand: b\nfiles: {f: {path: f, delimiter: ab}}", `m.yaml:2: files.f.delimiter: "ab" is not one ASCII character other than a quote or a line break`},
		{"brand: b\nfiles: {f: {path: f, encoding: koi8}}", `m.yaml:2: files.f: unknown encoding "koi8"; known are utf-8, latin-1, windows-1251, windows-1252`},
		{"brand: b\nsurveys:\n- &a {draft: {questions: [{show_if: &c {answered: true}}]}, title: {texts: *a}}", "m.yaml:3: "},
		{"brand: b\nmetrics: &a\n- parameters: *a", "m.yaml:2: "},
	}
	for _, tt := range tests {
		_, err := Parse([]byte(tt.text), "m.yaml")
		if err == nil || (err.Error() != tt.want && !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s\ngot  %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rows.csv"), []byte("id,order\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "orders.csv"), []byte("id\n1\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Parse([]byte(head), "m.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Data(dir, map[string]string{"row": "x"}, nil); err == nil {
		t.Error("a path for a file that is not in the mapping was taken")
	}
	d, err := m.Data(dir, map[string]string{"items": filepath.Join(dir, "orders.csv")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Open(m.Responses[0], func() proto.Message { return &surveyv1.Response{} })
	if want := `file orders, line 3: id "1" stands there twice; say which to take: first, last or all`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// A mapping of any content is read or refused, and a row it makes is one that
// the wire can carry.
func FuzzMapping(f *testing.F) {
	f.Add(head+"      locale: '{text}'\n", "1,o1,5,x,2017-10-15")
	f.Add("brand: b\nfiles: {rows: rows.csv}\nresponses:\n- {from: rows, response: {survey_id: s, source: s, external_id: '{id}', answers: [{question_id: q, score: '{score}'}]}}", "1,2,3,4,5")
	f.Add("brand: &a b\nmetrics: [{name: *a, title: {texts: {en: '{{}}'}}}]\nsurveys: [{id: x, draft: {questions: [{id: q, show_if: {answered: true}}]}}]", "")
	columns := strings.NewReplacer("{n}", "{score}", "line.sku", "line.order", "line.n", "line.score", "line.price", "line.text")
	f.Add("brand: b\nfiles: {rows: rows.csv}\nevents:\n- from: rows\n"+columns.Replace(invoice), "1,2,3,4,5\n1,2,3,4,2026-03-02T12:00:00Z")
	f.Add("brand: b\nfiles: {rows: rows.csv, paid: rows.csv}\nevents:\n- from: rows\n"+strings.NewReplacer("paid.value", "paid.score", "{sku}", "{order}", "{price}", "{text}").Replace(milestones), "1,o1,5,x,2017-10-15")
	f.Add("brand: b\nfiles: {rows: rows.csv}\nattributes: [{name: a, type: DATE}]\ncustomers:\n- {from: rows, first_of: '{id}', customer: {identities: [], attributes: {a: '{at}'}}}", "1,o1,5,x,2017-10-15")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text, row string) {
		m, err := Parse([]byte(text), "m.yaml")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "m.yaml:") {
				t.Fatalf("the error names no line: %v", err)
			}
			return
		}
		path := filepath.Join(dir, "rows.csv")
		if err := os.WriteFile(path, []byte("id,order,score,text,at\n"+row), 0o600); err != nil {
			t.Fatal(err)
		}
		paths := map[string]string{}
		for name := range m.files {
			paths[name] = path
		}
		d, err := m.Data(dir, paths, func(*Reject) {})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range []struct {
			blocks []*Block
			made   proto.Message
		}{{m.Responses, &surveyv1.Response{}}, {m.Customers, &segmentationv1.Customer{}}, {m.Events, &journeyv1.Event{}}} {
			for _, b := range one.blocks {
				carried(t, d, b, one.made)
			}
		}
	})
}

// carried checks that the wire can carry what a block makes.
func carried(t *testing.T, d *Data, b *Block, made proto.Message) {
	in, err := d.Open(b, func() proto.Message { return made.ProtoReflect().New().Interface() })
	if err != nil {
		return
	}
	defer in.Close()
	for {
		row, err := in.Next()
		var bad *Reject
		if err != nil && !errors.As(err, &bad) {
			return
		}
		if row.Message == nil {
			continue
		}
		if _, err := proto.Marshal(row.Message); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzTime(f *testing.F) {
	f.Add("%Y-%m-%d %H:%M:%S", "2017-10-15 00:00:00")
	f.Add("%d.%m.%y %I:%M %p %z", "1.2.03 12:00 AM +03:00")
	f.Fuzz(func(t *testing.T, form, text string) {
		l, err := parseLayout(form)
		if err != nil {
			return
		}
		at, err := l.parse(text, mustZone(t))
		if err == nil && (at.Year() < -1 || at.Year() > 40000) {
			t.Fatalf("%q by %q is %v", text, form, at)
		}
	})
}
