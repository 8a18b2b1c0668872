package demo

import segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"

// Names of attributes.
const (
	attributeCity     = "city"
	attributeBorn     = "birth.year"
	attributeChildren = "family.children"
	attributeYoungest = "family.youngest"
	attributeProblem  = "problem"
	attributeOrigin   = "acquired.by"
	attributeFactor   = "factor."
)

// The ages of a family's youngest child, and what a family of that age is short of:
// the weights of problems.
var youngest = []struct {
	name   string
	share  float64 // of those with children
	trying []float64
}{
	{"baby", 0.14, []float64{40, 14, 8, 20, 8, 10}},
	{"toddler", 0.22, []float64{46, 12, 10, 14, 12, 6}},
	{"preschool", 0.20, []float64{30, 20, 20, 14, 10, 6}},
	{"school", 0.28, []float64{22, 34, 18, 12, 8, 6}},
	{"teen", 0.16, []float64{16, 40, 18, 12, 8, 6}},
}

const childless = "none"

// usualTrying is what people without children are short of.
var usualTrying = []float64{16, 26, 18, 18, 10, 12}

var (
	problems = []string{"time", "prices", "ideas", "quality", "distance", "diet"}
	origins  = []string{"passing_by", "friends", "advertising", "app_store", "search", "site"}
	factors  = []struct{ id, title string }{
		{"price", "Важность цены"}, {"quality", "Важность качества"}, {"choice", "Важность выбора"},
		{"speed", "Важность скорости"}, {"service", "Важность сервиса"}, {"nearness", "Важность близости"},
	}
)

// Attributes declares what customers are described by.
func Attributes() []*segmentationv1.Attribute {
	const text, number = segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT, segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER
	out := []*segmentationv1.Attribute{
		{Name: attributeCity, Type: text, Title: "Город"},
		{Name: attributeBorn, Type: number, Personal: true, Title: "Год рождения"},
		{Name: attributeChildren, Type: number, Personal: true, Title: "Детей в семье"},
		{Name: attributeYoungest, Type: text, Personal: true, Title: "Младший ребёнок"},
		{Name: attributeProblem, Type: text, Title: "Главная трудность"},
		{Name: attributeOrigin, Type: text, Title: "Откуда пришёл"},
	}
	for _, f := range factors {
		out = append(out, &segmentationv1.Attribute{Name: attributeFactor + f.id, Type: number, Title: f.title})
	}
	return out
}

func word(text string) *segmentationv1.AttributeValue {
	return &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Text{Text: text}}
}

func number(n int) *segmentationv1.AttributeValue {
	return &segmentationv1.AttributeValue{Value: &segmentationv1.AttributeValue_Number{Number: float64(n)}}
}

// attributes: each customer's own, but for the place, which is that of the home.
func (w *World) attributes(customer int64, home int) map[string]*segmentationv1.AttributeValue {
	of := func(list []string, trait uint64) *segmentationv1.AttributeValue {
		return word(list[int(w.trait(customer, trait)*float64(len(list)))])
	}
	age := 18 + int(w.trait(customer, ofAge)*62)
	children, trying, stage := 0, usualTrying, childless
	if u := w.trait(customer, ofChildren); age >= 22 && age < 56 && u > 0.35 {
		children = 1 + int((u-0.35)*4)
		stage, trying = w.stage(customer)
	}
	out := map[string]*segmentationv1.AttributeValue{
		attributeCity: of(regions[home].cities, ofCity), attributeBorn: number(w.first.Year() - age), attributeChildren: number(children),
		attributeYoungest: word(stage), attributeProblem: word(problems[pick(running(trying), w.trait(customer, ofProblem))]), attributeOrigin: of(origins, ofOrigin),
	}
	for i, f := range factors {
		u := w.trait(customer, ofFactor+uint64(i))
		// Who is short of time minds speed, who minds prices the price.
		if f.id == "speed" && trying[0] >= 40 || f.id == "price" && trying[1] >= 34 {
			u = 1 - (1-u)*(1-u)
		}
		out[attributeFactor+f.id] = number(1 + min(4, int(5*u)))
	}
	return out
}

// stage is the age of a family's youngest child.
func (w *World) stage(customer int64) (string, []float64) {
	u := w.trait(customer, ofYoungest)
	for _, y := range youngest {
		if u -= y.share; u < 0 {
			return y.name, y.trying
		}
	}
	last := youngest[len(youngest)-1]
	return last.name, last.trying
}
