package config

import (
	"bytes"
	_ "embed" // the default brands
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"go.yaml.in/yaml/v3"

	"github.com/rapport-cx/rapport/internal/fault"
)

// ReasonBrandUnknown is the reason of a request for a brand that is not in
// brands.yaml.
const ReasonBrandUnknown = "BRAND_UNKNOWN"

//go:embed brands.yaml
var defaultBrands []byte

// Brand is one trading name or marketplace: nothing crosses brands.
type Brand struct {
	// ID stands in every request; lower case letters, digits, - and _.
	ID string `yaml:"id"`
	// Name is for people.
	Name string `yaml:"name"`
	// Zone is the IANA zone whose midnight begins the brand's day.
	Zone string `yaml:"zone"`
	// Currency is an ISO 4217 code, Country an ISO 3166 one.
	Currency string `yaml:"currency"`
	Country  string `yaml:"country"`
	// Locales are languages in order of preference; the first is the default.
	Locales []string `yaml:"locales"`
	// Industry says what others the brand is set beside, one of Industries; empty: none.
	Industry string `yaml:"industry"`
	// Hours are the working hours of a usual week; a day left out is closed.
	Hours Week `yaml:"hours"`
	// Holidays are days on which the brand does not work whatever the weekday.
	Holidays []Holiday `yaml:"holidays"`
	// Identities says how customers are recognised.
	Identities Identities `yaml:"identities"`
	// Contact is the budget of contacts.
	Contact Contact `yaml:"contact"`
	// Norms are what orders are judged by.
	Norms Norms `yaml:"norms"`
	// Receipts tag purchases with occasions; each rule that holds gives its own.
	Receipts []ReceiptRule `yaml:"receipts"`

	// Location is Zone, loaded.
	Location *time.Location `yaml:"-"`
}

// Brands are all the brands a process serves. They do not change while it runs.
type Brands struct {
	list []*Brand
	byID map[string]*Brand
}

// LoadBrands reads a brands.yaml; with no path, the embedded default.
func LoadBrands(path string) (*Brands, error) {
	if path == "" {
		return ParseBrands(defaultBrands)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read brands: %w", err)
	}
	brands, err := ParseBrands(text)
	if err != nil {
		return nil, fmt.Errorf("read brands %s: %w", path, err)
	}
	return brands, nil
}

// ParseBrands reads the text of a brands.yaml. A key it does not know is an
// error that names the line.
func ParseBrands(text []byte) (*Brands, error) {
	var file struct {
		Brands []*Brand `yaml:"brands"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		return nil, readable(err)
	}
	// The same again as nodes, which know their lines.
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, readable(err)
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one YAML document")
	}
	if len(file.Brands) == 0 {
		return nil, errors.New("no brands")
	}
	b := &Brands{byID: make(map[string]*Brand, len(file.Brands))}
	for i, brand := range file.Brands {
		if brand == nil {
			return nil, fmt.Errorf("brand %d is empty", i+1)
		}
		if err := brand.check(); err != nil {
			return nil, fmt.Errorf("brand %d (%s): %w", i+1, brand.ID, lined(&root, err, "brands", i))
		}
		if b.byID[brand.ID] != nil {
			return nil, fmt.Errorf("brand %d: id %q is taken", i+1, brand.ID)
		}
		b.byID[brand.ID] = brand
		b.list = append(b.list, brand)
	}
	return b, nil
}

// readable takes the names of Go types out of what the YAML decoder tells.
func readable(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("no brands")
	}
	var te *yaml.TypeError
	if !errors.As(err, &te) {
		return err
	}
	lines := make([]string, len(te.Errors))
	for i, line := range te.Errors {
		line, _, _ = strings.Cut(line, " in type ")
		line = strings.Replace(line, "not found", "is not known", 1)
		line, _, _ = strings.Cut(line, " into ")
		lines[i] = strings.Replace(line, "field ", "key ", 1)
	}
	return errors.New(strings.Join(lines, "; "))
}

var (
	idShape       = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	currencyShape = regexp.MustCompile(`^[A-Z]{3}$`)
	countryShape  = regexp.MustCompile(`^([A-Z]{2})?$`)
	localeShape   = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

// Industries are those that the suite has benchmarks of.
var Industries = []string{
	"banks", "cars", "hotels", "insurance", "it", "media", "online_retail", "professional_services", "retail", "software", "telecom",
}

func (b *Brand) check() error {
	switch {
	case !idShape.MatchString(b.ID):
		return fmt.Errorf("id %q: use lower case letters, digits, - and _", b.ID)
	case !currencyShape.MatchString(b.Currency):
		return fmt.Errorf("currency %q: use an ISO 4217 code such as RUB", b.Currency)
	case !countryShape.MatchString(b.Country):
		return fmt.Errorf("country %q: use an ISO 3166 code such as RU", b.Country)
	case b.Industry != "" && !slices.Contains(Industries, b.Industry):
		return wrong([]any{"industry"}, "industry %q: use one of %s", b.Industry, strings.Join(Industries, ", "))
	case len(b.Locales) == 0:
		return errors.New("locales: name at least one")
	case b.Zone == "" || b.Zone == "Local":
		return errors.New("zone: name one such as Europe/Moscow")
	}
	for _, l := range b.Locales {
		if !localeShape.MatchString(l) {
			return fmt.Errorf("locale %q: use a tag such as ru or pt-BR", l)
		}
	}
	var err error
	if b.Location, err = time.LoadLocation(b.Zone); err != nil {
		return fmt.Errorf("zone %q: not known", b.Zone)
	}
	if b.Name == "" {
		b.Name = b.ID
	}
	return b.checkParts()
}

// checkParts checks what is said of customers and orders.
func (b *Brand) checkParts() error {
	if err := b.Identities.check(); err != nil {
		return within(err, "identities")
	}
	if err := b.Contact.check(); err != nil {
		return within(err, "contact")
	}
	if err := b.Norms.check(); err != nil {
		return within(err, "norms")
	}
	for i := range b.Receipts {
		if err := b.Receipts[i].check(); err != nil {
			return within(err, "receipts", i)
		}
	}
	return nil
}

// Get is the brand of that id, or NotFound.
func (b *Brands) Get(id string) (*Brand, error) {
	if brand := b.byID[id]; brand != nil {
		return brand, nil
	}
	return nil, fault.NotFound(ReasonBrandUnknown, "brand %q", id)
}

// All are the brands in the order of the file. The slice must not be changed.
func (b *Brands) All() []*Brand { return b.list }
