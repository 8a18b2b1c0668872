package driver

import "math"

// matrix is square and symmetric where it is decomposed.
type matrix [][]float64

// sweeps bounds the turns of eigen; matrices of 30 parameters need about 8.
const sweeps = 64

// eigen gives the eigenvalues of a symmetric matrix and, as columns, its
// eigenvectors, by Jacobi's rotations: each turns two axes so that what couples them
// vanishes. m is used up.
func (m matrix) eigen() (values []float64, vectors matrix) {
	n := len(m)
	vectors = make(matrix, n)
	for i := range vectors {
		vectors[i] = make([]float64, n)
		vectors[i][i] = 1
	}
	for range sweeps {
		if m.coupled() < 1e-30 {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				m.rotate(vectors, p, q)
			}
		}
	}
	values = make([]float64, n)
	for i := range values {
		values[i] = m[i][i]
	}
	return values, vectors
}

// coupled is the sum of squares off the diagonal.
func (m matrix) coupled() (sum float64) {
	for p := range m {
		for _, v := range m[p][:p] {
			sum += v * v
		}
	}
	return sum
}

// rotate turns the axes p and q.
func (m matrix) rotate(vectors matrix, p, q int) {
	if m[p][q] == 0 {
		return
	}
	// The smaller of the two angles that do it: the other one would not converge.
	theta := (m[q][q] - m[p][p]) / (2 * m[p][q])
	t := 1 / (math.Abs(theta) + math.Hypot(theta, 1))
	if theta < 0 {
		t = -t
	}
	c := 1 / math.Hypot(t, 1)
	s := t * c
	for i := range m {
		m[i][p], m[i][q] = c*m[i][p]-s*m[i][q], s*m[i][p]+c*m[i][q]
	}
	for i := range m {
		m[p][i], m[q][i] = c*m[p][i]-s*m[q][i], s*m[p][i]+c*m[q][i]
		vectors[i][p], vectors[i][q] = c*vectors[i][p]-s*vectors[i][q], s*vectors[i][p]+c*vectors[i][q]
	}
}

// spread is P·D·Pᵀ, where P has the eigenvectors as columns and D is diagonal.
func (m matrix) spread(diagonal func(int) float64) matrix {
	out := make(matrix, len(m))
	for a := range out {
		out[a] = make([]float64, len(m))
		for b := range out[a] {
			for i := range m {
				out[a][b] += m[a][i] * diagonal(i) * m[b][i]
			}
		}
	}
	return out
}
