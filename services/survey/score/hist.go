package score

// Scores is how many scores there are: 0 to 10.
const Scores = 11

// Hist is all that a score needs to know of any number of answers: how often
// each score was given and, where answers carry an importance w, the sums of it
// joint with the score s. A metric without importance leaves those at 0. Counts
// are signed, as an amendment takes the old answer out; the zero Hist is empty.
type Hist struct {
	Counts [Scores]int64
	W      int64 // Σw
	WS     int64 // Σw·s
	W2     int64 // Σw²
	W2S    int64 // Σw²·s
	W2S2   int64 // Σw²·s²
}

// Width is the number of integers a Hist is made of.
const Width = Scores + 5

// Add counts n answers of one score and importance (0: none); a negative n takes
// them out. The score must have passed Def.Check: one outside of 0-10 panics.
func (h *Hist) Add(score, importance int, n int64) {
	h.Counts[score] += n
	if importance == 0 {
		return
	}
	s, w := int64(score), int64(importance)
	h.W += n * w
	h.WS += n * w * s
	h.W2 += n * w * w
	h.W2S += n * w * w * s
	h.W2S2 += n * w * w * s * s
}

// Merge adds the answers of o.
func (h *Hist) Merge(o *Hist) {
	for i := range h.Counts {
		h.Counts[i] += o.Counts[i]
	}
	h.W += o.W
	h.WS += o.WS
	h.W2 += o.W2
	h.W2S += o.W2S
	h.W2S2 += o.W2S2
}

// Sub takes the answers of o out.
func (h *Hist) Sub(o *Hist) {
	for i := range h.Counts {
		h.Counts[i] -= o.Counts[i]
	}
	h.W -= o.W
	h.WS -= o.WS
	h.W2 -= o.W2
	h.W2S -= o.W2S
	h.W2S2 -= o.W2S2
}

// N is the number of answers.
func (h *Hist) N() int64 { return h.between(0, Scores-1) }

// Empty tells whether nothing at all is counted, not even with a sign.
func (h *Hist) Empty() bool { return *h == Hist{} }

// between counts the answers from one score to another, both included.
func (h *Hist) between(from, to int) (n int64) {
	for _, c := range h.Counts[from : to+1] {
		n += c
	}
	return n
}

// sums are Σs and Σs².
func (h *Hist) sums() (s, s2 int64) {
	for i, c := range h.Counts {
		s += int64(i) * c
		s2 += int64(i*i) * c
	}
	return s, s2
}

// mean of the scores, if there are any.
func (h *Hist) mean() float64 {
	sum, _ := h.sums()
	return float64(sum) / float64(h.N())
}
