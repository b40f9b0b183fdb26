package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestJSONIsDocumented holds docs/json.md against the fields that the commands print. memory.go and
// presence.go are left out: they write files of their own.
func TestJSONIsDocumented(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	rendered, renderedErr := filepath.Glob("internal/*/*.go")
	if err = errors.Join(err, renderedErr); err != nil || len(rendered) == 0 {
		t.Fatal(err)
	}
	tag := regexp.MustCompile("`json:\"([a-z_]+)")
	for _, file := range append(files, rendered...) {
		if file == "memory.go" || file == "presence.go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range tag.FindAllStringSubmatch(string(src), -1) {
			if !regexp.MustCompile("[`.]" + m[1] + "`").Match(doc) {
				t.Errorf("docs/json.md does not explain %q of %s", m[1], file)
			}
		}
	}
}
