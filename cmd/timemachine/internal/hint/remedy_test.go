package hint

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/refusal"
	"timemachine/watch/scan"
)

// fullRemedy has a value in each field, so that each part of a hint is spelled.
func fullRemedy(kind refusal.RemedyKind, dest string) refusal.Remedy {
	return refusal.Remedy{Kind: kind, Dest: dest, Path: dest + "/.git/$(id)/it's", Branch: "refs/heads/ma'in",
		Commit: object.Hash(object.Blob, []byte("1")), Tip: object.Hash(object.Blob, []byte("2")),
		Remote: "it's", Host: "ho'st", Port: "2222", User: "u'ser",
		Evidence: refusal.InReflog, NoFolder: true, Packed: dest + "/.git/packed;refs", Runs: 3}
}

// TestRemedies: each kind of remedy has words, and each command is valid in sh.
func TestRemedies(t *testing.T) {
	dest := t.TempDir()
	s := Speller{Program: "timemachine", User: os.Geteuid()}
	for kind := refusal.RemedyKind(1); kind < scan.RemedyKinds; kind++ {
		r := fullRemedy(kind, dest)
		words := s.Words(r)
		if words == "" || strings.Contains(words, "\n") {
			t.Errorf("kind %d says %q", kind, words)
		}
		r.Bare = true
		command := s.Words(r)
		if command == "" {
			continue
		}
		if out, err := exec.Command("sh", "-n", "-c", command).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", command, err, out)
		}
	}
	if words := s.Words(refusal.Remedy{}); words != "" {
		t.Errorf("nothing to do is %q", words)
	}
}

// TestEvidence: each evidence has words.
func TestEvidence(t *testing.T) {
	for e := refusal.InReflog; e <= refusal.NewestRecord; e++ {
		if evidence[e] == "" {
			t.Errorf("evidence %d has no words", e)
		}
	}
}

// TestKindHasOneAdvice: no kind is in two tables.
func TestKindHasOneAdvice(t *testing.T) {
	seen := map[refusal.RemedyKind]int{}
	for kind := range sentences {
		seen[kind]++
	}
	for _, table := range tables {
		for kind := range table {
			seen[kind]++
		}
	}
	for kind, n := range seen {
		if n != 1 {
			t.Errorf("kind %d is in %d tables", kind, n)
		}
	}
}
