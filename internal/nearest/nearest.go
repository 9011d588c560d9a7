// Package nearest finds the known word that is most like a misspelled one.
package nearest

// Word returns the candidate with the smallest edit distance to s, if it is near enough to
// be meant.
func Word(s string, candidates []string) (string, bool) {
	best, bestDistance := "", 3
	for _, c := range candidates {
		if c == "" || len(s) > 24 {
			continue
		}
		if d := distance(s, c); d < bestDistance && 2*d < len(c) {
			best, bestDistance = c, d
		}
	}
	return best, best != ""
}

// distance is Levenshtein's, over bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
