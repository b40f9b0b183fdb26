//go:build race

package repotest

const underRace = true
