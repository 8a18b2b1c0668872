package hot

import (
	"testing"
	"time"
)

func TestLastWriteOfAKeyWinsOnceInAWhile(t *testing.T) {
	p := newPending(1<<20, time.Second)
	at := time.Unix(1000, 0)
	put := func(name string, seq int64) {
		t.Helper()
		if !p.put(write{family: slab, name: name, anchor: Anchor{Seq: seq}, content: []byte("x")}) {
			t.Error("no room")
		}
	}
	expect := func(now time.Time, everything, more bool, want ...int64) {
		t.Helper()
		due, waits := p.take(now, everything)
		seqs := map[int64]bool{}
		for _, w := range due {
			seqs[w.anchor.Seq] = true
		}
		for _, seq := range want {
			if !seqs[seq] {
				t.Errorf("seq %d is not due", seq)
			}
		}
		if len(due) != len(want) || waits != more {
			t.Errorf("due %v, more %v", due, waits)
		}
	}
	put("a", 1)
	put("a", 3)
	put("a", 2)
	put("b", 10)
	expect(at, false, false, 3, 10)
	put("a", 4)
	put("c", 20)
	expect(at.Add(500*time.Millisecond), false, true, 20)
	put("a", 5)
	expect(at.Add(999*time.Millisecond), false, true)
	expect(at.Add(time.Second), false, false, 5)
	put("a", 6)
	expect(at.Add(time.Second), true, false, 6)
	expect(at.Add(time.Hour), false, false)
	if p.bytes != 0 || len(p.writes) != 0 || len(p.recent) != 0 {
		t.Errorf("left over: %d bytes, %v, %v", p.bytes, p.writes, p.recent)
	}
}

func TestPendingIsBounded(t *testing.T) {
	p := newPending(2*overhead+10, time.Second)
	full := write{family: slab, name: "a", content: make([]byte, 10)}
	for range 2 {
		if !p.put(full) {
			t.Error("replacing needs no room")
		}
	}
	if p.put(write{family: slab, name: "b", content: make([]byte, overhead)}) {
		t.Error("above the limit")
	}
	if !p.put(write{family: slab, name: "b"}) {
		t.Error("what fits is refused")
	}
	p.take(time.Now(), true)
	if p.bytes != 0 {
		t.Errorf("%d bytes left over", p.bytes)
	}
}

func TestRemovalLetsAnySeqIn(t *testing.T) {
	p := newPending(1<<20, time.Second)
	p.put(write{name: "a", remove: true, replace: true})
	p.put(write{family: slab, name: "a", anchor: Anchor{Seq: 1}})
	p.put(write{family: slab, name: "b", anchor: Anchor{Seq: 2}})
	p.put(write{name: "b", remove: true, replace: true})
	due, _ := p.take(time.Now(), true)
	for _, w := range due {
		if w.remove || !w.replace || w.anchor.Seq == 0 {
			t.Errorf("%+v", w)
		}
	}
	if len(due) != 2 {
		t.Errorf("due %v", due)
	}
}
