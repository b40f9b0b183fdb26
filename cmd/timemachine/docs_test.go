package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPagesNameTestsThatExist: a claim in the docs needs the test that it names.
func TestPagesNameTestsThatExist(t *testing.T) {
	root := filepath.Join("..", "..")
	var sources strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		sources.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*|\\w+\\.txtar)`")
	for _, page := range []string{"security.md", "testing.md"} {
		b, err := os.ReadFile(filepath.Join(root, "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		names := named.FindAllStringSubmatch(string(b), -1)
		if len(names) < 10 {
			t.Errorf("%s names %d tests", page, len(names))
		}
		for _, m := range names {
			if script, ok := strings.CutSuffix(m[1], ".txtar"); ok {
				if _, err := os.Stat(filepath.Join(root, "testdata", "script", script+".txtar")); err != nil {
					t.Errorf("%s: %v", page, err)
				}
			} else if !strings.Contains(sources.String(), "func "+m[1]+"(") {
				t.Errorf("%s names %s, which is no test", page, m[1])
			}
		}
	}
}

// TestDecisionsAreNumbered holds the decisions to one sequence, each with a title.
func TestDecisionsAreNumbered(t *testing.T) {
	pages, err := filepath.Glob("../../docs/decisions/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("no decisions", err)
	}
	for i, page := range pages {
		if want := fmt.Sprintf("%04d-", i+1); !strings.HasPrefix(filepath.Base(page), want) {
			t.Errorf("%s: its number should be %s", page, want)
		}
		if b, err := os.ReadFile(page); err != nil || !strings.HasPrefix(string(b), "# ") {
			t.Errorf("%s has no title: %v", page, err)
		}
	}
}
