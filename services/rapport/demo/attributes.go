package demo

import segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"

// Names of attributes.
const (
	attributeCity     = "city"
	attributeBorn     = "birth.year"
	attributeChildren = "family.children"
	attributeProblem  = "problem"
	attributeOrigin   = "acquired.by"
	attributeFactor   = "factor."
)

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
	children := 0
	if u := w.trait(customer, ofChildren); age >= 22 && u > 0.45 {
		children = 1 + int((u-0.45)*5)
	}
	out := map[string]*segmentationv1.AttributeValue{
		attributeCity: of(regions[home].cities, ofCity), attributeBorn: number(w.first.Year() - age), attributeChildren: number(children),
		attributeProblem: of(problems, ofProblem), attributeOrigin: of(origins, ofOrigin),
	}
	for i, f := range factors {
		out[attributeFactor+f.id] = number(1 + int(5*w.trait(customer, ofFactor+uint64(i))))
	}
	return out
}
