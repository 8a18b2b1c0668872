// Package demo makes a believable retail chain, its customers, what happens to them
// and what they answer: stores in regions, couriers, pick-up points, seven channels,
// seasons, good and bad stores, an incident, and customers who come back.
//
// The unit is an experience: somebody bought, ordered or only looked. Its events and
// the answer about it are two tellings of the same experience, so they agree.
//
// Everything is derived from the options by hashing: the same options give the
// same facts, whatever the moment they are made at, and a day can be made
// without the days before it. That is what lets a demo of any size stream with
// flat memory, go on where it was broken off, and be topped up tomorrow.
package demo

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Options say which chain. Two worlds of the same options are the same.
type Options struct {
	// Brand is the brand it is made for, Currency what its receipts are in.
	Brand, Currency string
	// Seed tells one chain from another.
	Seed int64
	// Stores is how many stores the chain has, at least one.
	Stores int
	// Anchor is the midnight that begins the day the demo was first made on; what
	// happens in the chain is dated from it.
	Anchor time.Time
	// Days is how many days of history there are, Anchor's included.
	Days int
	// PerDay is how many answers an average day brings.
	PerDay float64
}

// World is the chain: who is rated and how they fare.
type World struct {
	opts     Options
	zone     *time.Location
	first    time.Time // midnight of the first day of history
	stores   []store
	pull     []float64   // running sum of the stores' weights
	regional [][]int     // stores of a region, by index
	draw     [][]float64 // running sum of their weights
	couriers [][]courier // of a region
	points   [][]point   // of a region
	people   float64     // customers there are, a whole number
}

// answerShare is how many of those who are asked answer, perCustomer how many
// experiences a customer has in the history on average.
const (
	answerShare = 0.25
	perCustomer = 5
)

// New lays out a chain.
func New(o Options) *World {
	o.Stores, o.Days = max(o.Stores, 1), max(o.Days, 1)
	w := &World{opts: o, zone: o.Anchor.Location(), people: max(200, math.Floor(o.PerDay*float64(o.Days)/answerShare/perCustomer))}
	w.first = o.Anchor.AddDate(0, 0, 1-o.Days)
	w.layOut()
	return w
}

// Zone is the brand's.
func (w *World) Zone() *time.Location { return w.zone }

// Rate is the PerDay that brings about n answers in so many days up to Anchor.
func Rate(n int, anchor time.Time, days int) float64 {
	var sum float64
	for i := range days {
		sum += volume(anchor.AddDate(0, 0, -i))
	}
	return float64(n) / sum
}

// The streams of chance: each is drawn from on its own, so that a change to one
// leaves the others alone.
const (
	ofStore = iota + 1
	ofCourier
	ofPoint
	ofCustomer
	ofDay
	ofLive
	ofAnswer
	ofStory
	ofSpend
	ofBonus
)

// chance is a source of its own for one thing of the world.
func (w *World) chance(stream, n uint64) *rand.Rand {
	return rand.New(rand.NewPCG(mix(uint64(w.opts.Seed)^stream<<56), mix(n)))
}

// trait is a number in [0, 1) that belongs to a customer for ever.
func (w *World) trait(customer int64, which uint64) float64 {
	return unit(mix(mix(uint64(w.opts.Seed)^ofCustomer<<56^which<<48) ^ uint64(customer)))
}

// mix is the finaliser of SplitMix64: every bit of the answer hangs on every bit
// of x.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func unit(x uint64) float64 { return float64(x>>11) / (1 << 53) }

// pick is the place in a running sum that u in [0, 1) falls on.
func pick(sums []float64, u float64) int {
	i, _ := slices.BinarySearch(sums, u*sums[len(sums)-1])
	return min(i, len(sums)-1)
}

// running sums up weights.
func running(weights []float64) []float64 {
	sums, sum := make([]float64, len(weights)), 0.0
	for i, w := range weights {
		sum += w
		sums[i] = sum
	}
	return sums
}

// progress is how far into the history a moment lies: 0 at its beginning, 1 on
// the anchor's day and later.
func (w *World) progress(day time.Time) float64 {
	return min(1, max(0, day.Sub(w.first).Hours()/24/float64(w.opts.Days)))
}
