package config

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestManualHasEveryKey reads the keys that the parser knows from its source: the strings that its
// functions compare a key with. Each has a row, in the order of Keys, and there are no others.
func TestManualHasEveryKey(t *testing.T) {
	below := map[string]string{"key": "", "copies": "copies.", "pushKey": "push.", "entryMapping": "watch."}
	known := map[string]bool{}
	for _, file := range []string{"parse.go", "push.go"} {
		f, err := goparser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			function, _ := decl.(*ast.FuncDecl)
			if function == nil {
				continue
			}
			ast.Inspect(function, func(n ast.Node) bool {
				by, _ := n.(*ast.SwitchStmt)
				if by == nil {
					return true
				}
				if on, _ := by.Tag.(*ast.Ident); on == nil || on.Name != "key" {
					return true
				}
				prefix, ok := below[function.Name.Name]
				if !ok {
					t.Errorf("%s compares keys, and this test does not know of which mapping", function.Name.Name)
				}
				for _, clause := range by.Body.List {
					for _, value := range clause.(*ast.CaseClause).List {
						word, err := strconv.Unquote(value.(*ast.BasicLit).Value)
						if err != nil {
							t.Fatal(err)
						}
						known[prefix+word] = true
					}
				}
				return true
			})
		}
	}
	if len(known) < 15 {
		t.Fatalf("the parser knows %v", known)
	}
	rows := map[string]bool{}
	var order []string
	for _, m := range Manuals {
		if rows[m.Key] {
			t.Errorf("%s has two rows", m.Key)
		}
		rows[m.Key] = true
		top, _, nested := strings.Cut(m.Key, ".")
		if rows[top] = true; !known[m.Key] || !known[top] {
			t.Errorf("%s has a row, and the parser does not know it", m.Key)
		}
		if !nested || !slices.Contains(order, top) {
			order = append(order, top)
		}
	}
	for key := range known {
		if !rows[key] {
			t.Errorf("the parser knows %s, which has no row", key)
		}
	}
	if !slices.Equal(order, Keys) {
		t.Errorf("rows are of %q, keys are %q", order, Keys)
	}
}

// TestManualIsTrue: each example is a valid configuration that gives its key, and the defaults are
// those in force.
func TestManualIsTrue(t *testing.T) {
	parse := func(text string) *Config {
		t.Helper()
		c, err := Parse("/c/config.dat", []byte(text), Env{UID: -1, Home: "/home/u"})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return c
	}
	full := parse(FullExample)
	for _, m := range Manuals {
		if m.Value == "" || m.Default == "" || m.Example == "" || m.Text == "" {
			t.Errorf("the row of %s has gaps", m.Key)
		}
		for _, c := range []*Config{parse(m.Example + "\n"), full} {
			if _, ok := c.given[m.Key]; !ok && !strings.HasPrefix(m.Key, "watch.") {
				t.Errorf("an example does not give %s", m.Key)
			}
		}
	}
	all := []*Config{parse(""), parse("push: {branch: b, remote: r}")}
	if all[0].MaxSize != 0 || all[0].CopiesKeep != (Keep{}) || all[0].IgnoreTouched || all[0].NoDefaults || all[0].Push != nil {
		t.Error("a default is not as the manual says")
	}
	if p := all[1].Push; p.Private || p.With != PushAuto || p.Timeout.String() != "1m0s" || defaultOf("push.timeout") != "60s" {
		t.Errorf("a default is not as the manual says: %+v", p)
	}
	for _, line := range strings.Split(FullExample, "\n") {
		if len(line) > 70 {
			t.Errorf("too long for a page of the manual: %q", line)
		}
	}
}
