package expr

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Template is a ready rule for people who do not write expressions: they fill in its
// parameters.
type Template struct {
	// ID never changes, so that pages can name it.
	ID string
	// Titles by locale.
	Titles     map[string]string
	Parameters []Parameter
	// Pattern is the expression with {name} where a parameter goes, and {cut} where a
	// number goes that is found when the template is filled in.
	Pattern string
	// Descriptions say by locale what the title does not.
	Descriptions map[string]string
}

// Cut is a number that what people bought gives, not who fills a template in.
type Cut struct {
	// Percent of those who bought anything in so many days are to spend more.
	Percent, Days int64
}

// cut is where the number goes.
const cut = "{cut}"

// Write is the expression of Fill with the number in it.
func (c *Cut) Write(text string, number int64) string {
	return strings.ReplaceAll(text, cut, strconv.FormatInt(number, 10))
}

// Parameter is one thing to fill in.
type Parameter struct {
	Name   string
	Titles map[string]string
	Kind   ParameterKind
	// Default is what a form shows at first; "" if only the brand can know.
	Default string
}

// ParameterKind says what a parameter is, so that a page can offer the right choice.
type ParameterKind uint8

// The kinds.
const (
	// Category, Channel and Occasion are names of what purchases have.
	Category ParameterKind = iota + 1
	Channel
	Occasion
	// Metric and Attribute are names of what a brand declared; an attribute is a text.
	Metric
	Attribute
	// Text is any text.
	Text
	// Window is 7, 30, 90 or 365 days.
	Window
	// Count is a whole number from 0, Money one of minor units.
	Count
	Money
	// Number may have a fraction and be below 0.
	Number
	// Percent is a whole number from 1 to 50.
	Percent
)

// maxPercent is the greatest share: more than half are no top.
const maxPercent = 50

// Choices are all values there are; nil: others too.
func (k ParameterKind) Choices() []string {
	switch k {
	case Window:
		return []string{"7", "30", "90", "365"}
	case Channel:
		return channels()
	}
	return nil
}

// Least is the least value of a number; false if there is none.
func (k ParameterKind) Least() (float64, bool) {
	if k == Percent {
		return 1, true
	}
	return 0, k == Count || k == Money
}

// Most is the greatest value of a number; false if there is none.
func (k ParameterKind) Most() (float64, bool) { return maxPercent, k == Percent }

// channels are the names that purchases have them by, in the order of the enum.
func channels() []string {
	names := make([]string, 0, len(commonv1.Channel_name)-1)
	for i := range len(commonv1.Channel_name) - 1 {
		names = append(names, strings.TrimPrefix(commonv1.Channel(i+1).String(), "CHANNEL_"))
	}
	return names
}

// maxText is the most that a text may have, in bytes; attributes have no more.
const maxText = 256

// Fill is Expression of the template of an id; who is left out has its default. If a
// cut comes back it is to be written into the text. Faults name what is wrong under the
// field at.
func Fill(id string, values map[string]string, at string) (string, *Cut, error) {
	all := Templates()
	i := slices.IndexFunc(all, func(t Template) bool { return t.ID == id })
	if i < 0 {
		return "", nil, fault.Invalid().Field(at+".id", "no template %q", id).Err()
	}
	whole := maps.Clone(values)
	if whole == nil {
		whole = map[string]string{}
	}
	for _, p := range all[i].Parameters {
		if _, given := whole[p.Name]; !given && p.Default != "" {
			whole[p.Name] = p.Default
		}
	}
	text, err := all[i].expression(whole, at+".")
	if err != nil || !strings.Contains(all[i].Pattern, cut) {
		return text, nil, err
	}
	c := &Cut{}
	// Both are judged already.
	c.Percent, _ = strconv.ParseInt(whole[percent], 10, 64)
	c.Days, _ = strconv.ParseInt(whole[days], 10, 64)
	return text, c, nil
}

// Expression is the rule with the parameters' values, each as a person writes it.
func (t Template) Expression(values map[string]string) (string, error) {
	return t.expression(values, "")
}

func (t Template) expression(values map[string]string, at string) (string, error) {
	f := fault.Invalid()
	var replace []string
	for _, p := range t.Parameters {
		text, why := p.Kind.write(values[p.Name])
		if why != "" {
			f.Field(at+"parameters["+p.Name+"]", "%s", why)
		}
		replace = append(replace, "{"+p.Name+"}", text)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.ContainsFunc(t.Parameters, func(p Parameter) bool { return p.Name == name }) {
			f.Field(at+"parameters["+name+"]", "is not one of the template's")
		}
	}
	return strings.NewReplacer(replace...).Replace(t.Pattern), f.Err()
}

// write is a value as expressions have it, or what is wrong with it. Nothing but one
// literal or one name can come of it, whatever a person types.
func (k ParameterKind) write(value string) (text, why string) {
	switch k {
	case Metric, Attribute:
		if !nameShape.MatchString(value) {
			return "", "must be a name of lower case words with dots"
		}
		return member(value), ""
	case Window:
		if !slices.Contains(k.Choices(), value) {
			return "", "must be 7, 30, 90 or 365"
		}
		return value, ""
	case Count, Money:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return "", "must be a whole number, 0 or more"
		}
		return strconv.FormatInt(n, 10), ""
	case Percent:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 1 || n > maxPercent {
			return "", "must be a whole number from 1 to 50"
		}
		return strconv.FormatInt(n, 10), ""
	case Number:
		if !numberShape.MatchString(value) {
			return "", "must be a number such as 3 or 4.5"
		}
		return value, ""
	}
	if value == "" || len(value) > maxText || !utf8.ValidString(value) {
		return "", "must be a text of at most 256 bytes"
	}
	return strconv.Quote(value), ""
}

var (
	nameShape   = regexp.MustCompile(`^[a-z0-9_]+(\.[a-z0-9_]+)*$`)
	numberShape = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,15})?$`)
	// plainShape is a name that needs no quotes.
	plainShape = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
)

// member writes the name of a field after its first word: names of attributes and
// metrics may have words that CEL reads as something else.
func member(name string) string {
	for word := range strings.SplitSeq(name, ".") {
		if !plainShape.MatchString(word) || slices.Contains([]string{"in", "true", "false", "null"}, word) {
			return "`" + name + "`"
		}
	}
	return name
}
