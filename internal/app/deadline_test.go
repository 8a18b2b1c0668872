package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestDeadlineBehavesAsTheStandardOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(context.Background())
		defer cancel()
		d := withDeadline(parent, time.Second)
		defer d.release()
		if at, ok := d.Deadline(); !ok || time.Until(at) != time.Second || d.Err() != nil {
			t.Errorf("deadline %v %v, %v", at, ok, d.Err())
		}
		child, stop := context.WithCancel(d)
		defer stop()
		<-child.Done()
		if d.Err() != context.DeadlineExceeded || child.Err() != context.DeadlineExceeded {
			t.Errorf("got %v, %v", d.Err(), child.Err())
		}
	})
}

func TestDeadlineNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := withDeadline(context.Background(), time.Second)
		time.Sleep(time.Second)
		if d.timed.Load() != nil {
			t.Error("a timer was set")
		}
		if d.Err() != context.DeadlineExceeded {
			t.Errorf("got %v", d.Err())
		}
		select {
		case <-d.Done():
		default:
			t.Error("Err and Done disagree")
		}
		d.release()
		if d.Err() != context.DeadlineExceeded {
			t.Errorf("after release: %v", d.Err())
		}
	})
}

type someKey struct{}

func TestDeadlineEndsWithItsParent(t *testing.T) {
	for _, wait := range []bool{false, true} {
		parent, cancel := context.WithCancel(context.WithValue(context.Background(), someKey{}, 1))
		d := withDeadline(parent, time.Hour)
		if wait {
			d.Done()
		}
		if d.Value(someKey{}) != 1 {
			t.Error("the value is lost")
		}
		cancel()
		if d.Err() != context.Canceled {
			t.Errorf("got %v", d.Err())
		}
		<-d.Done()
		d.release()
	}
}
