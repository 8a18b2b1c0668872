package access

import (
	"fmt"
	"testing"
	"time"
)

func TestBuckets(t *testing.T) {
	d, now := NewDoor(2), time.Unix(1_760_000_000, 0)
	for range 10 {
		if err := d.Pass("a", now); err != nil {
			t.Fatal(err)
		}
	}
	if d.Pass("a", now) == nil {
		t.Error("more than at once")
	}
	if err := d.Pass("b", now); err != nil {
		t.Errorf("another pays for it: %v", err)
	}
	// Whoever comes with many names does not wash away who has just been refused, as long
	// as those names do not come again and again.
	for i := range maxLimited - 2 {
		_ = d.Pass(fmt.Sprint("n", i), now)
	}
	now = now.Add(500 * time.Millisecond)
	if err := d.Pass("one more", now); err != nil {
		t.Error(err)
	}
	if n := len(d.limits.of); n != 2 {
		t.Errorf("%d are remembered", n)
	}
	if err := d.Pass("a", now); err != nil {
		t.Errorf("half a second gives one: %v", err)
	}
	if d.Pass("a", now) == nil {
		t.Error("the bucket was filled by others")
	}
	if err := NewDoor(0).Pass("a", now); err != nil {
		t.Errorf("no bound: %v", err)
	}
}

func TestForgettingIsBounded(t *testing.T) {
	d, now := NewDoor(1), time.Unix(1_760_000_000, 0)
	for i := range 3 * maxLimited {
		for range 5 {
			_ = d.Pass(fmt.Sprint(i), now)
		}
		if n := len(d.limits.of); n > maxLimited {
			t.Fatalf("%d are remembered", n)
		}
	}
}
