package main

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
)

// mostSimilar lists the n candidates most similar to word, the best first. Those with its base name
// come first, then those that differ from it in at most a third of that.
func mostSimilar(word string, candidates []string, n int) []string {
	type near struct {
		name     string
		another  bool // it has another base name
		distance int
	}
	var list []near
	base := filepath.Base(word)
	for _, c := range candidates {
		if filepath.Base(c) == base {
			list = append(list, near{c, false, distance(word, c, len(word)+len(c))})
		} else if limit := len(base)/3 + 1; word != "" {
			if d := distance(word, c, limit); d <= limit {
				list = append(list, near{c, true, d})
			}
		}
	}
	slices.SortFunc(list, func(x, y near) int {
		if x.another != y.another {
			if x.another {
				return 1
			}
			return -1
		}
		return cmp.Or(x.distance-y.distance, strings.Compare(x.name, y.name))
	})
	var names []string
	for _, c := range list[:min(len(list), n)] {
		names = append(names, c.name)
	}
	return names
}

// distance is the number of bytes to insert, delete or change to turn a into b. Beyond limit it is
// any number over limit.
func distance(a, b string, limit int) int {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if d := len(a) - len(b); max(d, -d) > limit {
		return limit + 1
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
		if slices.Min(row) > limit {
			return limit + 1
		}
	}
	return row[len(b)]
}
