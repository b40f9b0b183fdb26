package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// modulePackage is a folder with Go files, of every operating system and build tag.
type modulePackage struct {
	dir   string // below the top of the module
	files []*goFile
}

// goFile is a parsed Go file.
type goFile struct {
	path  string // below the top of the module
	lines []string
	set   *token.FileSet
	tree  *ast.File
}

// isTest tells whether the file belongs to the tests.
func (f *goFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// sources are the files that are no tests.
func (p *modulePackage) sources() []*goFile {
	return slices.DeleteFunc(slices.Clone(p.files), (*goFile).isTest)
}

// parsedModule parses the module once for all tests.
var parsedModule = sync.OnceValues(func() (map[string]*modulePackage, error) {
	packages := map[string]*modulePackage{}
	top := filepath.Join("..", "..")
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != top && (strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		below, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		f, err := parseFile(path, below)
		if err != nil {
			return err
		}
		dir := filepath.Dir(below)
		if packages[dir] == nil {
			packages[dir] = &modulePackage{dir: dir}
		}
		packages[dir].files = append(packages[dir].files, f)
		return nil
	})
	return packages, err
})

func parseFile(path, below string) (*goFile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &goFile{path: below, lines: strings.Split(string(text), "\n"), set: token.NewFileSet()}
	f.tree, err = parser.ParseFile(f.set, below, text, parser.ParseComments)
	return f, err
}

// modulePackages are the packages of the module by their folders.
func modulePackages(t *testing.T) map[string]*modulePackage {
	t.Helper()
	packages, err := parsedModule()
	if err != nil {
		t.Fatal(err)
	}
	return packages
}
