package purchase

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// A person's history is the one it would be if all had come with one number.
func TestUnionIsOneNumbersHistory(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	for range 200 {
		whole, numbers := &History{}, make([]*History, 1+rnd.IntN(4))
		for i := range numbers {
			if rnd.IntN(4) > 0 {
				numbers[i] = &History{}
			}
		}
		for range rnd.IntN(30) {
			h := numbers[rnd.IntN(len(numbers))]
			if h == nil {
				continue
			}
			p := Purchase{Day: calendar.Day(rnd.IntN(6)), Return: rnd.IntN(4) == 0, Amount: rnd.Int64N(100)}
			if !p.Return {
				p.Traits = []Trait{{Category, fmt.Sprint(rnd.IntN(3))}}
			}
			h.Add(&p)
			whole.Add(&p)
		}
		before := numbers[0]
		var packed []byte
		if before != nil {
			packed = before.Pack()
		}
		got := Union(numbers...)
		if got == nil {
			got = &History{}
		}
		if !bytes.Equal(whole.Pack(), got.Pack()) {
			t.Fatalf("%v of %v", got, numbers)
		}
		if before != nil && !bytes.Equal(packed, before.Pack()) {
			t.Fatal("a number's history was changed")
		}
	}
}
