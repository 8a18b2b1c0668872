package panel

import (
	"math/rand/v2"
	"testing"
)

// Nothing of fewer than five is told, nor had by difference: from what is hidden in a
// group, nor from everybody and one of two groups.
func TestHide(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	for range 2000 {
		n := 1 + r.IntN(6)
		chosen, rest := make([]valued, n), make([]valued, n)
		for i := range n {
			chosen[i].persons, rest[i].persons = []int64{0, 1, 4, 5, 30}[r.IntN(5)], []int64{0, 0, 4, 5, 30}[r.IntN(5)]
		}
		hidden, there := hide(chosen, rest), 0
		for i := range n {
			if few := func(p int64) bool { return p > 0 && p < fewest }; (few(chosen[i].persons) || few(rest[i].persons)) && !hidden[i] {
				t.Fatalf("%v, %v: %d is told", chosen, rest, i)
			}
			if chosen[i].persons+rest[i].persons > 0 {
				there++
			}
		}
		if len(hidden) == 1 && there > 1 {
			t.Fatalf("%v, %v: %v is had by difference", chosen, rest, hidden)
		}
	}
}

// One that hides something on both sides is taken before a rarer one that does not.
func TestHideTakesOneMore(t *testing.T) {
	named := func(counts ...int64) (out []valued) {
		for i, n := range counts {
			out = append(out, valued{name: string(rune('a' + i)), persons: n})
		}
		return out
	}
	got := hide(named(3, 0, 40, 30), named(9, 6, 50, 20))
	if len(got) != 2 || !got[0] || !got[3] {
		t.Errorf("%v", got)
	}
	if got := hide(named(5, 60), named(0, 0)); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// A dictionary keeps nothing that nobody has.
func TestDictionaryForgets(t *testing.T) {
	d := newDictionary()
	has := [][]string{{"a"}, {"a", "b"}, {}, {"b", "a"}, {"c"}}
	r := rand.New(rand.NewPCG(2, 2))
	var codes []uint32
	for range 500 {
		if len(codes) > 0 && r.IntN(2) == 0 {
			at := r.IntN(len(codes))
			d.release(codes[at])
			codes = append(codes[:at], codes[at+1:]...)
			continue
		}
		texts := has[r.IntN(len(has))]
		code := d.take(texts)
		codes = append(codes, code)
		for i, id := range d.lists[code].words {
			if d.words[id].text != texts[i] {
				t.Fatalf("%v reads %q", texts, d.words[id].text)
			}
		}
	}
	for _, code := range codes {
		d.release(code)
	}
	if len(d.code) != 0 || len(d.id) != 0 || d.bytes != 0 {
		t.Errorf("%v, %v, %d bytes are left", d.code, d.id, d.bytes)
	}
	for _, w := range d.words {
		if w.text != "" {
			t.Errorf("%q is left", w.text)
		}
	}
}
