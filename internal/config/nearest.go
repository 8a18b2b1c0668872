package config

// nearest is the known name with the fewest edits from name, "" if none is near
// enough to be what was meant.
func nearest(name string, known map[string]bool) string {
	best, at := "", len(name)/3+1
	for k := range known {
		d := edits(name, k)
		if d < at || d == at && best != "" && k < best {
			best, at = k, d
		}
	}
	return best
}

// edits is the least number of letters to add, drop, change or swap with their
// neighbour to turn a into b.
func edits(a, b string) int {
	// Three rows of the table: a swap looks two rows back.
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := above[j]
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
