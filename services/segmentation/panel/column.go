package panel

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// column is one field of everybody, by number. Either codes or numbers is used.
type column struct {
	field *field.Field
	// since tells that the field is the days since something: what is kept is the day
	// it happened on, which does not change when a day begins.
	since bool
	// codes are entries of words; 0: not known. Of a number that is no person neither
	// is anything known.
	codes []uint32
	words *dictionary
	// numbers are NaN where nothing is known.
	numbers []float64
	// version counts changes, cut is what was found out at one of them.
	version uint64
	cut     atomic.Pointer[cuts]
	// used is when somebody asked for it last, in Unix microseconds.
	used atomic.Int64
}

// cell is what a column has of one person.
type cell struct {
	known  bool
	number float64
	texts  []string
}

// newColumn is a field of nobody yet, for numbers below size.
func newColumn(f *field.Field, size int) *column {
	c := &column{field: f, since: f.Counts()}
	if worded(f.Type) {
		c.words = newDictionary()
	}
	c.grow(size)
	return c
}

// worded tells that a field's values are kept as words.
func worded(t segmentationv1.FieldType) bool {
	return t == segmentationv1.FieldType_FIELD_TYPE_TEXT || t == segmentationv1.FieldType_FIELD_TYPE_TEXTS ||
		t == segmentationv1.FieldType_FIELD_TYPE_BOOL
}

// grow makes room for numbers below size, of whom nothing is known.
func (c *column) grow(size int) {
	if c.words != nil {
		c.codes = append(c.codes, make([]uint32, max(0, size-len(c.codes)))...)
		return
	}
	was := len(c.numbers)
	c.numbers = append(c.numbers, make([]float64, max(0, size-was))...)
	for i := was; i < size; i++ {
		c.numbers[i] = math.NaN()
	}
}

// cell reads what is to be kept of a person.
func (c *column) cell(v *field.Values) cell {
	if c.since {
		day, known := v.Since(c.field)
		return cell{known: known, number: float64(day)}
	}
	if !v.Known(c.field) {
		return cell{}
	}
	switch c.field.Type {
	case segmentationv1.FieldType_FIELD_TYPE_TEXT:
		// An empty text stands for not known.
		text := v.Text(c.field)
		return cell{known: text != "", texts: []string{text}}
	case segmentationv1.FieldType_FIELD_TYPE_TEXTS:
		return cell{known: true, texts: v.Texts(c.field)}
	case segmentationv1.FieldType_FIELD_TYPE_BOOL:
		return cell{known: true, texts: flags[v.Flag(c.field)]}
	case segmentationv1.FieldType_FIELD_TYPE_NUMBER:
		return cell{known: true, number: v.Number(c.field)}
	}
	return cell{known: true, number: float64(v.Integer(c.field))}
}

var flags = map[bool][]string{false: {"false"}, true: {"true"}}

// set keeps what is known of a number.
func (c *column) set(id int64, to cell) {
	c.version++
	if c.words == nil {
		c.numbers[id] = math.NaN()
		if to.known {
			c.numbers[id] = to.number
		}
		return
	}
	code := uint32(0)
	if to.known {
		code = c.words.take(to.texts)
	}
	c.words.release(c.codes[id])
	c.codes[id] = code
}

// days is what the days that are kept count up to, 0 where numbers are what they are.
func (c *column) days(today calendar.Day) float64 {
	if c.since {
		return float64(today)
	}
	return 0
}

// shown is how a number that is kept reads, with what days says.
func (c *column) shown(n, today float64) float64 {
	if c.since {
		return max(0, today-n)
	}
	return n
}

// group is where what it has comes from.
func (c *column) group() field.Group { return c.field.Group }

func (c *column) bytes() int64 {
	if c.words != nil {
		return int64(4*cap(c.codes)) + c.words.bytes
	}
	return int64(8 * cap(c.numbers))
}

func (c *column) use(now time.Time) { c.used.Store(now.UnixMicro()) }

// dictionary gives lists of words a number each. A list that nobody has any more, and
// a word that is in no list, is forgotten: what was erased must not stay here.
type dictionary struct {
	lists  []list // by code; the first is nobody's
	code   map[string]uint32
	unused []uint32

	words     []word
	id        map[string]uint32
	wordsFree []uint32
	bytes     int64
}

// list is some words, and how many persons have it.
type list struct {
	key     string
	words   []uint32
	persons int
}

// word is a text, and how many lists it is in.
type word struct {
	text  string
	lists int
}

func newDictionary() *dictionary {
	return &dictionary{lists: make([]list, 1), code: map[string]uint32{}, id: map[string]uint32{}}
}

// overhead is about what a list or a word takes besides its bytes.
const overhead = 96

// take is the code of a list, for one more person.
func (d *dictionary) take(texts []string) uint32 {
	ids, key := make([]uint32, 0, 8), make([]byte, 0, 32)
	for _, t := range texts {
		id := d.word(t)
		ids = append(ids, id)
		key = append(key, byte(id), byte(id>>8), byte(id>>16), byte(id>>24))
	}
	code, known := d.code[string(key)]
	if !known {
		code = uint32(len(d.lists))
		if n := len(d.unused); n > 0 {
			code, d.unused = d.unused[n-1], d.unused[:n-1]
		} else {
			d.lists = append(d.lists, list{})
		}
		d.lists[code] = list{key: string(key), words: slices.Clone(ids)}
		d.code[d.lists[code].key] = code
		d.bytes += overhead + int64(2*len(key))
		for _, id := range ids {
			d.words[id].lists++
		}
	}
	d.lists[code].persons++
	return code
}

// word is the number of a text.
func (d *dictionary) word(text string) uint32 {
	if id, known := d.id[text]; known {
		return id
	}
	id := uint32(len(d.words))
	if n := len(d.wordsFree); n > 0 {
		id, d.wordsFree = d.wordsFree[n-1], d.wordsFree[:n-1]
	} else {
		d.words = append(d.words, word{})
	}
	d.words[id] = word{text: text}
	d.id[text] = id
	d.bytes += overhead + int64(len(text))
	return id
}

// release takes a list from one person.
func (d *dictionary) release(code uint32) {
	if code == 0 {
		return
	}
	l := &d.lists[code]
	if l.persons--; l.persons > 0 {
		return
	}
	d.bytes -= overhead + int64(2*len(l.key))
	for _, id := range l.words {
		w := &d.words[id]
		if w.lists--; w.lists == 0 {
			d.bytes -= overhead + int64(len(w.text))
			delete(d.id, w.text)
			*w, d.wordsFree = word{}, append(d.wordsFree, id)
		}
	}
	delete(d.code, l.key)
	*l, d.unused = list{}, append(d.unused, code)
}
