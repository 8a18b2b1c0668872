package measure

// Person finds who stands for a customer's number now; itself, if nobody else
// does.
type Person func(number int64) int64

// roster gives the persons behind numbers small places, from 0, so that what is
// known of them lies in columns. Numbers are dense, as Segmentation gives them
// out, and looked up in pages; one that is not costs a page, or beyond the last
// page a place in a map.
type roster struct {
	person Person
	pages  []*page
	far    map[int64]uint32
	size   int
}

const (
	pageBits = 12
	maxPages = 1 << 14
)

// page has the places of a run of numbers, counted from 1.
type page [1 << pageBits]uint32

func newRoster(person Person) *roster {
	return &roster{person: person, far: map[int64]uint32{}}
}

// place is the place of a number's person; the number is above 0.
func (r *roster) place(number int64) uint32 {
	if place := r.find(number); place != 0 {
		return place - 1
	}
	person := r.person(number)
	place := r.find(person)
	if place == 0 {
		r.size++
		place = uint32(r.size)
		r.keep(person, place)
	}
	if number != person {
		r.keep(number, place)
	}
	return place - 1
}

// find is what is kept for a number, 0 if nothing.
func (r *roster) find(number int64) uint32 {
	p := number >> pageBits
	if p >= maxPages {
		return r.far[number]
	}
	if p >= int64(len(r.pages)) || r.pages[p] == nil {
		return 0
	}
	return r.pages[p][number&(1<<pageBits-1)]
}

func (r *roster) keep(number int64, place uint32) {
	p := number >> pageBits
	if p >= maxPages {
		r.far[number] = place
		return
	}
	for int64(len(r.pages)) <= p {
		r.pages = append(r.pages, nil)
	}
	if r.pages[p] == nil {
		r.pages[p] = new(page)
	}
	r.pages[p][number&(1<<pageBits-1)] = place
}
