package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// forbidden lists what the packages below a folder must not import.
var forbidden = map[string][]string{
	"repo":  {"timemachine/watch", "timemachine/cmd", "github.com/spf13/cobra", "gopkg.in/yaml.v3", "log/slog", "github.com/lmittmann/tint"},
	"watch": {"timemachine/cmd", "github.com/spf13/cobra", "log/slog", "github.com/lmittmann/tint", "github.com/go-git/go-git/v5"},
}

// surroundings are what only the command reaches: it passes them on.
var surroundings = []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.Args", "os.Stdout", "os.Stderr", "os.Stdin", "os.Exit"}

func TestArchitecture(t *testing.T) {
	top := filepath.Join("..", "..")
	for _, layer := range []string{"repo", "watch"} {
		err := filepath.WalkDir(filepath.Join(top, layer), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && slices.Contains([]string{"util", "common", "helper", "manager"}, d.Name()) {
				t.Errorf("%s: a name that says nothing", path)
			}
			if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || d.Name() == "repotest.go" {
				return nil
			}
			checkFile(t, layer, path)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func checkFile(t *testing.T, layer, path string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, imp := range f.Imports {
		name, _ := strconv.Unquote(imp.Path.Value)
		for _, no := range forbidden[layer] {
			if name == no || strings.HasPrefix(name, no+"/") {
				t.Errorf("%s imports %s", path, name)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && slices.Contains(surroundings, x.Name+"."+s.Sel.Name) {
			t.Errorf("%s reaches for %s.%s", path, x.Name, s.Sel.Name)
		}
		return true
	})
}
