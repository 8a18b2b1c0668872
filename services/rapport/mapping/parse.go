package mapping

import (
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/rapport/mapping/records"
)

// parser builds a mapping; block is the one being read, if any.
type parser struct {
	m     *Mapping
	zone  *time.Location
	block *Block
	// many collects which lookups with many records the list element being read
	// takes from; nil outside of lists.
	many map[int]bool
}

func (p *parser) mapping(root place) error {
	top, err := root.only("brand", "zone", "files", "metrics", "surveys", "subjects", "responses",
		"attributes", "customers", "kinds", "events", "programmes", "offers", "sendings", "redemptions")
	if err != nil {
		return err
	}
	brand, ok := top["brand"]
	if !ok {
		return root.errorf("brand is missing")
	}
	if p.m.Brand, err = brand.text(); err != nil {
		return err
	}
	if at, ok := top["zone"]; ok {
		if p.zone, err = zone(at); err != nil {
			return err
		}
	}
	if at, ok := top["files"]; ok {
		if err := p.files(at); err != nil {
			return err
		}
	}
	return p.sections(top)
}

func (p *parser) sections(top map[string]place) (err error) {
	if p.m.Metrics, err = constants[*surveyv1.Metric](p, top["metrics"]); err != nil {
		return err
	}
	if p.m.Surveys, err = constants[*surveyv1.Survey](p, top["surveys"]); err != nil {
		return err
	}
	if p.m.Attributes, err = constants[*segmentationv1.Attribute](p, top["attributes"]); err != nil {
		return err
	}
	if p.m.Kinds, err = constants[*journeyv1.EventKind](p, top["kinds"]); err != nil {
		return err
	}
	if p.m.Programmes, err = constants[*loyaltyv1.Programme](p, top["programmes"]); err != nil {
		return err
	}
	// What is required is what makes a second run add nothing.
	for _, s := range []struct {
		name string
		kind section
		into *[]*Block
	}{
		{"subjects", section{"subject", &surveyv1.Subject{}, []string{"ref"}}, &p.m.Subjects},
		{"responses", section{"response", &surveyv1.Response{}, []string{"survey_id", "source", "external_id"}}, &p.m.Responses},
		{"customers", section{"customer", &segmentationv1.Customer{}, []string{"identities"}}, &p.m.Customers},
		{"events", section{"event", &journeyv1.Event{}, []string{"source", "external_id", "kind", "occurred_at"}}, &p.m.Events},
		{"offers", section{"offer", &loyaltyv1.Offer{}, []string{"id", "programme_id", "valid_from", "valid_until"}}, &p.m.Offers},
		{"sendings", section{"sending", &loyaltyv1.SendOfferRequest{}, []string{"offer_id", "customers"}}, &p.m.Sendings},
		{"redemptions", section{"redemption", &loyaltyv1.RedeemOfferRequest{}, []string{"request_id", "customer"}}, &p.m.Redemptions},
	} {
		if *s.into, err = p.blocks(top[s.name], s.kind); err != nil {
			return err
		}
	}
	return nil
}

func zone(at place) (*time.Location, error) {
	name, err := at.text()
	if err != nil {
		return nil, err
	}
	if name == "" || name == "Local" {
		return nil, at.errorf("a zone is an IANA name, such as Europe/Moscow")
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, at.errorf("unknown zone %q", name)
	}
	return loc, nil
}

func (p *parser) files(at place) error {
	fields, err := at.fields()
	if err != nil {
		return err
	}
	for _, f := range fields {
		if p.m.files[f.key], err = readFile(f.key, f.value); err != nil {
			return err
		}
	}
	return nil
}

// readFile reads one entry of files: a path alone, or how it is read as well.
func readFile(name string, at place) (*file, error) {
	f := &file{name: name}
	if !at.isMap() {
		path, err := at.text()
		f.path = path
		return f, err
	}
	known, err := at.only("path", "format", "delimiter", "encoding", "fallback", "columns", "blank")
	if err != nil {
		return nil, err
	}
	text := func(key string) string {
		if here, ok := known[key]; ok && err == nil {
			var s string
			s, err = here.text()
			return s
		}
		return ""
	}
	var encoding, fallback, delimiter string
	f.path, f.kind, encoding, fallback, delimiter = text("path"), text("format"), text("encoding"), text("fallback"), text("delimiter")
	if here, ok := known["columns"]; ok && err == nil {
		f.format.Columns, err = here.texts()
	}
	if here, ok := known["blank"]; ok && err == nil {
		f.blank, err = here.set()
	}
	if err != nil {
		return nil, err
	}
	if f.path == "" {
		return nil, at.errorf("path is missing")
	}
	if f.kind != "" && f.kind != "csv" && f.kind != "ndjson" {
		return nil, known["format"].errorf("%q is neither csv nor ndjson", f.kind)
	}
	if len(delimiter) > 1 || strings.ContainsAny(delimiter, "\"\r\n") || delimiter >= "\x80" {
		return nil, known["delimiter"].errorf("%q is not one ASCII character other than a quote or a line break", delimiter)
	}
	if delimiter != "" {
		f.format.Delimiter = delimiter[0]
	}
	if f.format.Encoding, err = records.ParseEncoding(encoding, fallback); err != nil {
		return nil, at.errorf("%s", err)
	}
	return f, nil
}

// constants reads a list of messages that take nothing from any row.
func constants[M proto.Message](p *parser, at place) ([]M, error) {
	if at.node == nil {
		return nil, nil
	}
	items, err := at.items()
	if err != nil {
		return nil, err
	}
	out := make([]M, len(items))
	for i, item := range items {
		var zero M
		m := zero.ProtoReflect().New()
		s, err := p.shape(item, m.Descriptor())
		if err != nil {
			return nil, err
		}
		if _, err := s.fill(&scope{}, m); err != nil {
			return nil, item.errorf("%s", err)
		}
		out[i] = m.Interface().(M)
	}
	return out, nil
}

func (p *parser) fileNamed(at place) (*file, error) {
	name, err := at.text()
	if err != nil {
		return nil, err
	}
	f, ok := p.m.files[name]
	if !ok {
		return nil, at.errorf("no file %q under files", name)
	}
	return f, nil
}

// lookups are read in their order: one may go through those before it.
func (p *parser) lookups(at place) error {
	fields, err := at.fields()
	if err != nil {
		return err
	}
	for _, f := range fields {
		if strings.Contains(f.key, ".") {
			return f.value.errorf(noDot)
		}
		if p.block.group && f.key == p.block.lookups[0].name {
			return f.value.errorf("the rows of the group have this name")
		}
		l, err := p.lookup(f.key, f.value)
		if err != nil {
			return err
		}
		p.block.lookups = append(p.block.lookups, l)
	}
	return nil
}

const noDot = "the name of a lookup has no dot"

// lookupName is the name of a group's rows; references tell it from columns by
// the dot behind it.
func lookupName(at place) (string, error) {
	name, err := at.text()
	if err == nil && (name == "" || strings.Contains(name, ".")) {
		err = at.errorf(noDot)
	}
	return name, err
}

func (p *parser) lookup(name string, at place) (*lookup, error) {
	known, err := at.only("file", "column", "is", "take", "optional")
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"file", "column", "is"} {
		if _, ok := known[key]; !ok {
			return nil, at.errorf("%s is missing", key)
		}
	}
	t := &table{}
	if t.file, err = p.fileNamed(known["file"]); err != nil {
		return nil, err
	}
	if t.key, err = known["column"].text(); err != nil {
		return nil, err
	}
	if here, ok := known["take"]; ok {
		word, err := here.text()
		if err != nil {
			return nil, err
		}
		if t.take, ok = map[string]take{"first": takeFirst, "last": takeLast, "all": takeAll}[word]; !ok {
			return nil, here.errorf("%q is not first, last or all", word)
		}
	}
	l := &lookup{name: name, table: p.table(t), many: t.take == takeAll}
	p.many = map[int]bool{}
	defer func() { p.many = nil }()
	if l.key, err = p.template(known["is"]); err != nil {
		return nil, err
	}
	if l.via, err = p.span(known["is"]); err != nil {
		return nil, err
	}
	l.many = l.many || l.via.over >= 0
	if here, ok := known["optional"]; ok {
		word, err := here.text()
		if err != nil || (word != "true" && word != "false") {
			return nil, here.errorf("true or false is needed here")
		}
		l.optional = word == "true"
	}
	return l, nil
}

// table finds the same table among those known, so that it is loaded once.
func (p *parser) table(t *table) *table {
	for _, known := range p.m.tables {
		if known.file == t.file && known.key == t.key && known.take == t.take {
			return known
		}
	}
	p.m.tables = append(p.m.tables, t)
	return t
}
