package main

import "path/filepath"

// nearest is the candidate most like word, or "" when none is much like it.
func nearest(word string, candidates []string) string {
	best, least := "", len(word)/3+1
	for _, c := range candidates {
		if filepath.Base(c) == filepath.Base(word) {
			return c
		}
		if d := distance(word, c); d <= least {
			best, least = c, d
		}
	}
	return best
}

// distance is the number of bytes to insert, drop or change to make a into b. Long words are not compared: 4096 stands for
// "far".
func distance(a, b string) int {
	const far = 4096
	if len(a) > 512 || len(b) > 512 {
		return far
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
