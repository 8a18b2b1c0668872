package driver

import "math"

// LeastPer is how many complete questionnaires each parameter needs for shares.
const LeastPer = 10

// Joint is the sums over questionnaires that have the score and every parameter, from
// which a regression of the score on all of them can be worked out.
type Joint struct {
	N int64
	k int // parameters
	// sum and cross are of the parameters in order and the score behind them; cross
	// has the lower half of the products of each two, row by row.
	sum, cross []int64
}

// NewJoint is of k parameters, and no questionnaires yet.
func NewJoint(k int) *Joint {
	return &Joint{k: k, sum: make([]int64, k+1), cross: make([]int64, (k+1)*(k+2)/2)}
}

// Add counts a questionnaire: the answers to the parameters, in order, and the score
// behind them.
func (j *Joint) Add(values []int64) {
	j.N++
	cross := j.cross
	for a, v := range values {
		j.sum[a] += v
		for b, w := range values[:a+1] {
			cross[b] += v * w
		}
		cross = cross[a+1:]
	}
}

// Merge adds the sums of other questionnaires over the same parameters.
func (j *Joint) Merge(o *Joint) {
	j.N += o.N
	for i, v := range o.sum {
		j.sum[i] += v
	}
	for i, v := range o.cross {
		j.cross[i] += v
	}
}

func (j *Joint) product(a, b int) int64 {
	if b > a {
		a, b = b, a
	}
	return j.cross[a*(a+1)/2+b]
}

// correlation of any two, the score being number k.
func (j *Joint) correlation(a, b int) (float64, bool) {
	return correlation(j.N, j.sum[a], j.sum[b], j.product(a, a), j.product(b, b), j.product(a, b))
}

// Weights are what all parameters explain together.
type Weights struct {
	// Explained is the part of the score's variance, 0 to 1.
	Explained float64
	// Shares are each parameter's part of that, in %; they sum to 100. Nil if nothing
	// is explained.
	Shares []float64
}

// least is the smallest eigenvalue of a correlation matrix that can be told from 0:
// below it some parameter is a sum of others.
const least = 1e-9

// Weights parts the explained variance among the parameters. False if there are too
// few questionnaires, if one of them or the score never varies, or if parameters
// cannot be told apart.
//
// The parameters are turned into those uncorrelated ones that are closest to them,
// by the root of their correlation matrix. On these the regression is simple, and
// each of their shares goes back to the parameters by how closely they go together.
func (j *Joint) Weights() (Weights, bool) {
	if j.k == 0 || j.N < int64(LeastPer*j.k) {
		return Weights{}, false
	}
	between, with := make(matrix, j.k), make([]float64, j.k)
	for a := range between {
		between[a] = make([]float64, j.k)
		for b := range between {
			r, ok := j.correlation(a, b)
			if !ok {
				return Weights{}, false
			}
			between[a][b] = r
		}
		between[a][a] = 1
		var ok bool
		if with[a], ok = j.correlation(a, j.k); !ok {
			return Weights{}, false
		}
	}
	values, vectors := between.eigen()
	for _, v := range values {
		if v < least {
			return Weights{}, false
		}
	}
	return part(values, vectors, with), true
}

// part does the sums: with eigenvectors P and eigenvalues L of the correlations R,
// the weights are (P√L Pᵀ)² (P√L⁻¹ Pᵀ r)², squared term by term.
func part(values []float64, vectors matrix, with []float64) Weights {
	k := len(values)
	root := vectors.spread(func(i int) float64 { return math.Sqrt(values[i]) })
	inverse := vectors.spread(func(i int) float64 { return 1 / math.Sqrt(values[i]) })
	out := Weights{Shares: make([]float64, k)}
	for b := range k {
		beta := 0.0
		for a, r := range with {
			beta += inverse[b][a] * r
		}
		for a := range k {
			out.Shares[a] += root[a][b] * root[a][b] * beta * beta
		}
	}
	for _, w := range out.Shares {
		out.Explained += w
	}
	if out.Explained == 0 {
		return Weights{}
	}
	for a := range out.Shares {
		out.Shares[a] *= 100 / out.Explained
	}
	out.Explained = min(1, out.Explained)
	return out
}
