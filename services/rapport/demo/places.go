package demo

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

type region struct {
	id, name string
	zone     string
	share    float64 // of the stores
	mood     float64 // how much better than elsewhere, in the units of score.go
	trend    float64 // what the history adds to it
	cities   []string
}

// regions are the chain's, with the capital's many stores first.
var regions = []region{
	{"moscow", "Москва и область", "Europe/Moscow", 0.22, -0.04, 0, []string{"Москва", "Химки", "Мытищи", "Подольск", "Балашиха", "Одинцово"}},
	{"northwest", "Северо-Запад", "Europe/Moscow", 0.14, 0.08, 0, []string{"Санкт-Петербург", "Выборг", "Псков", "Великий Новгород", "Петрозаводск"}},
	{"center", "Центр", "Europe/Moscow", 0.15, 0.02, 0, []string{"Тула", "Калуга", "Рязань", "Ярославль", "Воронеж", "Смоленск"}},
	{"south", "Юг", "Europe/Moscow", 0.13, 0.05, -0.12, []string{"Краснодар", "Ростов-на-Дону", "Сочи", "Ставрополь", "Волгоград"}},
	{"volga", "Поволжье", "Europe/Samara", 0.14, 0, 0, []string{"Казань", "Самара", "Нижний Новгород", "Саратов", "Уфа", "Пенза"}},
	{"ural", "Урал", "Asia/Yekaterinburg", 0.10, 0.03, 0, []string{"Екатеринбург", "Челябинск", "Пермь", "Тюмень", "Курган"}},
	{"siberia", "Сибирь", "Asia/Novosibirsk", 0.08, -0.20, 0.35, []string{"Новосибирск", "Омск", "Томск", "Красноярск", "Барнаул", "Иркутск"}},
	{"fareast", "Дальний Восток", "Asia/Vladivostok", 0.04, -0.10, 0, []string{"Владивосток", "Хабаровск", "Благовещенск", "Южно-Сахалинск"}},
}

var streets = []string{
	"Ленина", "Мира", "Советская", "Гагарина", "Садовая", "Пушкина", "Победы", "Молодёжная", "Лесная", "Заводская", "Кирова",
	"Октябрьская", "Школьная", "Набережная", "Парковая", "Центральная", "Чехова", "Вокзальная", "Строителей", "Комсомольская",
}

// formats of stores, with how many there are and how many visitors one has.
var formats = []struct {
	id, name    string
	share, size float64
	mood        float64
	opens, shut int // hours of the brand's zone
}{
	{"hyper", "Гипермаркет", 0.12, 5, -0.06, 8, 23},
	{"super", "Супермаркет", 0.38, 2, 0.02, 9, 22},
	{"mini", "У дома", 0.50, 1, 0.04, 8, 22},
}

type store struct {
	id, name         string
	region, format   int
	turnover         string
	weight           float64
	mood             float64             // how good it is, for good
	parts            [parameters]float64 // how good at each parameter
	to               int                 // region it moves to; -1: it stays
	movedOn, closeOn time.Time           // zero: never
}

type courier struct {
	id, name string
	mood     float64
}

type point struct {
	id, name string
	mood     float64
}

// layOut makes the places, each from its own chance.
func (w *World) layOut() {
	n := len(regions)
	w.regional, w.draw = make([][]int, n), make([][]float64, n)
	w.couriers, w.points = make([][]courier, n), make([][]point, n)
	shares := make([]float64, n)
	for i, r := range regions {
		shares[i] = r.share
	}
	sums := running(shares)
	weights := make([]float64, w.opts.Stores)
	w.stores = make([]store, w.opts.Stores)
	byRegion := make([][]float64, n)
	for i := range w.stores {
		// Spread evenly, so that even a small chain has its share of each region.
		r := pick(sums, (float64(i)+0.5)/float64(w.opts.Stores))
		w.stores[i] = w.newStore(i, r)
		weights[i] = w.stores[i].weight
		w.regional[r] = append(w.regional[r], i)
		byRegion[r] = append(byRegion[r], weights[i])
	}
	w.pull = running(weights)
	for r := range regions {
		w.draw[r] = running(byRegion[r])
		w.couriers[r] = w.newCouriers(r)
		w.points[r] = w.newPoints(r)
	}
}

func (w *World) newStore(i, r int) store {
	c := w.chance(ofStore, uint64(i))
	f, u := 0, c.Float64()
	for u >= formats[f].share && f < len(formats)-1 {
		u -= formats[f].share
		f++
	}
	city, street := regions[r].cities[c.IntN(len(regions[r].cities))], streets[c.IntN(len(streets))]
	s := store{
		id: fmt.Sprintf("s%04d", i+1), region: r, format: f, to: -1,
		name: fmt.Sprintf("%s, %s, %d", city, street, 1+c.IntN(140)),
	}
	// A store's size spreads around its format's; turnover classes follow from it.
	size := 0.5 + c.Float64()*1.5
	s.weight = formats[f].size * size
	s.turnover = turnover(s.weight)
	s.mood = formats[f].mood + c.NormFloat64()*0.26
	for p := range s.parts {
		s.parts[p] = c.NormFloat64() * 0.3
	}
	w.fate(i, &s)
	return s
}

func turnover(weight float64) string {
	switch {
	case weight >= 3.5:
		return "A"
	case weight >= 1.4:
		return "B"
	}
	return "C"
}

// fate moves every fiftieth store to the neighbouring region in the middle of
// the history, and closes one store shortly before its end.
func (w *World) fate(i int, s *store) {
	switch {
	case i%50 == 20:
		s.to = (s.region + 1) % len(regions)
		s.movedOn = w.first.AddDate(0, 0, w.opts.Days/2)
	case i == 12 || w.opts.Stores <= 12 && i > 0 && i == w.opts.Stores-1:
		s.closeOn = w.opts.Anchor.AddDate(0, 0, -min(20, w.opts.Days/2))
		s.mood -= 0.45 // it was not closed for nothing
	}
}

// regionOn is where the store belongs on a day.
func (s *store) regionOn(day time.Time) int {
	if s.to >= 0 && !day.Before(s.movedOn) {
		return s.to
	}
	return s.region
}

func (s *store) openOn(day time.Time) bool { return s.closeOn.IsZero() || day.Before(s.closeOn) }

var (
	givenNames = []string{"Илья", "Тимур", "Антон", "Руслан", "Денис", "Марат", "Сергей", "Алия", "Олег", "Нурлан", "Павел", "Дарья", "Артём", "Азамат", "Виктор", "Мария"}
	initials   = []rune("АБВГДЕЗИКЛМНОПРСТУФХЧШЮЯ")
)

// newCouriers are about four for ten stores, at least two a region.
func (w *World) newCouriers(r int) []courier {
	out := make([]courier, max(2, len(w.regional[r])*4/10))
	for i := range out {
		c := w.chance(ofCourier, uint64(r)<<32|uint64(i))
		out[i] = courier{
			id:   fmt.Sprintf("c-%s-%03d", regions[r].id, i+1),
			name: fmt.Sprintf("%s %c.", givenNames[c.IntN(len(givenNames))], initials[c.IntN(len(initials))]),
			mood: c.NormFloat64() * 0.3,
		}
	}
	return out
}

// newPoints are about one for six stores, at least one a region.
func (w *World) newPoints(r int) []point {
	out := make([]point, max(1, len(w.regional[r])/6))
	for i := range out {
		c := w.chance(ofPoint, uint64(r)<<32|uint64(i))
		city := regions[r].cities[c.IntN(len(regions[r].cities))]
		out[i] = point{
			id:   fmt.Sprintf("p-%s-%03d", regions[r].id, i+1),
			name: fmt.Sprintf("Пункт выдачи: %s, %s, %d", city, streets[c.IntN(len(streets))], 1+c.IntN(90)),
			mood: c.NormFloat64() * 0.2,
		}
	}
	return out
}

func ref(kind commonv1.SubjectKind, id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: kind, Id: id}
}

func networkRef(brand string) *commonv1.SubjectRef {
	return ref(commonv1.SubjectKind_SUBJECT_KIND_NETWORK, brand)
}

func regionRef(r int) *commonv1.SubjectRef {
	return ref(commonv1.SubjectKind_SUBJECT_KIND_REGION, regions[r].id)
}

func since(parent *commonv1.SubjectRef, at time.Time) *surveyv1.ParentLink {
	l := &surveyv1.ParentLink{Parent: parent}
	if !at.IsZero() {
		l.Since = timestamppb.New(at)
	}
	return l
}

// Subjects is the directory, parents first and without the network itself,
// which Fill keeps as its own mark.
func (w *World) Subjects() []*surveyv1.Subject {
	var out []*surveyv1.Subject
	top := networkRef(w.opts.Brand)
	for r := range regions {
		out = append(out, &surveyv1.Subject{Ref: regionRef(r), Name: regions[r].name, Parents: []*surveyv1.ParentLink{since(top, time.Time{})}})
	}
	for i := range w.stores {
		out = append(out, w.stores[i].subject())
	}
	for r := range regions {
		parents := []*surveyv1.ParentLink{since(regionRef(r), time.Time{})}
		for _, c := range w.couriers[r] {
			out = append(out, &surveyv1.Subject{Ref: ref(commonv1.SubjectKind_SUBJECT_KIND_COURIER, c.id), Name: c.name, Parents: parents})
		}
		for _, p := range w.points[r] {
			out = append(out, &surveyv1.Subject{Ref: ref(commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT, p.id), Name: p.name, Parents: parents})
		}
	}
	return out
}

func (s *store) subject() *surveyv1.Subject {
	out := &surveyv1.Subject{
		Ref:     ref(commonv1.SubjectKind_SUBJECT_KIND_STORE, s.id),
		Name:    s.name,
		Parents: []*surveyv1.ParentLink{since(regionRef(s.region), time.Time{})},
		Labels:  map[string]string{"format": formats[s.format].id, "turnover": s.turnover},
	}
	if s.to >= 0 {
		out.Parents = append(out.Parents, since(regionRef(s.to), s.movedOn))
	}
	if !s.closeOn.IsZero() {
		out.ClosedAt = timestamppb.New(s.closeOn)
	}
	return out
}
