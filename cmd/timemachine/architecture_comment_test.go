package main

import (
	"go/ast"
	"go/doc"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// mostColumns is where a comment ends at the latest; a tab counts as four columns.
const mostColumns = 100

// TestArchitectureComments fails where comments are too wide.
func TestArchitectureComments(t *testing.T) {
	for _, p := range modulePackages(t) {
		for _, f := range p.files {
			for _, line := range f.wideComments() {
				t.Errorf("a comment ends beyond column %d: %s", mostColumns, line)
			}
		}
	}
}

// wideComments lists the places where a comment goes on beyond the last column.
func (f *goFile) wideComments() []string {
	var places []string
	for _, group := range f.tree.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:") {
				continue
			}
			first := f.set.Position(c.Pos()).Line
			last := f.set.Position(c.End()).Line
			for n := first; n <= last; n++ {
				line := strings.ReplaceAll(f.lines[n-1], "\t", "    ")
				if utf8.RuneCountInString(line) > mostColumns {
					places = append(places, f.set.Position(c.Pos()).String())
				}
			}
		}
	}
	return places
}

// TestArchitectureDocument holds docs/architecture.md against the packages. Each package has a line
// there, the first sentence of its comment, and no other line names one.
func TestArchitectureDocument(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^- `([a-z/0-9]+)` (.*)$").FindAllStringSubmatch(string(text), -1) {
		lines[m[1]] = m[2]
	}
	packages := modulePackages(t)
	for dir, p := range packages {
		if len(p.sources()) == 0 {
			continue
		}
		switch sentence := p.sentence(); {
		case sentence == "":
			t.Errorf("package %s has no comment that begins with its name", dir)
		case lines[dir] != sentence:
			t.Errorf("docs/architecture.md: the line of %s is not its first sentence:\n- `%s` %s", dir, dir, sentence)
		}
	}
	for dir := range lines {
		if packages[dir] == nil {
			t.Errorf("docs/architecture.md has a line for %s, which does not exist", dir)
		}
	}
}

// sentence is the first sentence of the package comment, without the package's name before it.
func (p *modulePackage) sentence() string {
	for _, f := range p.sources() {
		if f.tree.Doc == nil {
			continue
		}
		words := strings.SplitN(new(doc.Package).Synopsis(f.tree.Doc.Text()), " ", 3)
		if len(words) == 3 && (words[0] == "Package" || words[0] == "Command") && words[1] == filepath.Base(p.dir) {
			return words[2]
		}
	}
	return ""
}

// TestArchitectureNames finds every name in backquotes of docs/architecture.md: package.Name,
// package.Type.Member, Type.Member of package main, a path or part of one.
func TestArchitectureNames(t *testing.T) {
	top := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(top, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	declared := declaredNames(t)
	for dir := range modulePackages(t) {
		for _, part := range strings.Split(dir, "/") {
			declared[part] = true
		}
	}
	for _, m := range regexp.MustCompile("`([A-Za-z][A-Za-z0-9_./]*)`").FindAllStringSubmatch(string(text), -1) {
		name := m[1]
		if _, err := os.Stat(filepath.Join(top, name)); err == nil || declared[name] || declared["main."+name] {
			continue
		}
		t.Errorf("docs/architecture.md names %s, which does not exist", name)
	}
}

// declaredNames lists what the module declares outside tests, as package.Name and
// package.Type.Member.
func declaredNames(t *testing.T) map[string]bool {
	names := map[string]bool{}
	for _, p := range modulePackages(t) {
		for _, f := range p.sources() {
			for _, d := range f.tree.Decls {
				for _, name := range namesOf(d) {
					names[f.tree.Name.Name+"."+name] = true
				}
			}
		}
	}
	return names
}

func namesOf(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			name = receiverName(d.Recv.List[0].Type) + "." + name
		}
		names = append(names, name)
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			case *ast.ValueSpec:
				for _, n := range s.Names {
					names = append(names, n.Name)
				}
			}
		}
	}
	return names
}

func receiverName(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiverName(t.X)
	case *ast.IndexExpr:
		return receiverName(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}
