package main

import (
	"go/ast"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Import paths that the table below names more than once.
const (
	sysUnix   = "golang.org/x/sys/unix"
	yamlV3    = "gopkg.in/yaml.v3"
	gitConfig = "github.com/go-git/go-git/v5/plumbing/format/config"
)

// The layers of repo as they stand on each other: each may import all that it names.
const (
	nouns       = "repo/durable repo/trust repo/layout repo/record repo/refusal repo/when repo/git/... "
	belowDest   = nouns + "repo/internal/runstate "
	belowPacks  = belowDest + "repo/internal/dest "
	belowCommit = belowPacks + "repo/internal/ownpacks "
	belowReader = belowCommit + "repo/internal/commits "
)

// importTable gives what each package may import besides the standard library: packages of this
// module by their folder, foreign ones by their import path. "..." stands for every package below.
// log/slog counts as a foreign one.
var importTable = map[string]string{
	"repo/durable":  sysUnix,
	"repo/layout":   "",
	"repo/trust":    "",
	"repo/xattr":    sysUnix,
	"repo/when":     "",
	"repo/textdiff": "github.com/aymanbagabas/go-udiff/lcs",
	"repo/record":   "repo/durable repo/layout repo/git/object",
	"repo/refusal":  "repo/git/object",

	"repo/git/object":      "github.com/pjbgf/sha1cd",
	"repo/git/delta":       "repo/git/object",
	"repo/git/deflate":     "repo/git/object github.com/klauspost/compress/flate github.com/klauspost/compress/zlib",
	"repo/git/loose":       "repo/durable repo/git/object repo/git/deflate",
	"repo/git/pack":        "repo/durable repo/git/object repo/git/delta repo/git/deflate repo/git/loose",
	"repo/git/packwrite":   "repo/durable repo/git/object repo/git/delta repo/git/deflate repo/git/pack",
	"repo/git/packtest":    "repo/git/... repo/repotest",
	"repo/git/index":       "repo/durable repo/git/...",
	"repo/git/ref":         "repo/durable repo/git/...",
	"repo/git/revision":    "repo/git/object repo/git/pack repo/git/ref",
	"repo/git/config":      "repo/durable repo/git/... " + gitConfig,
	"repo/git/commitgraph": "repo/durable repo/git/...",

	"repo/internal/gitexec":   sysUnix,
	"repo/internal/runstate":  nouns,
	"repo/internal/transport": "repo/git/object repo/git/ref repo/internal/transport/... github.com/go-git/go-git/v5/plumbing/format/pktline golang.org/x/net/http/httpproxy",
	"repo/internal/dest":      belowDest + sysUnix + " golang.org/x/text/cases golang.org/x/text/unicode/norm",
	"repo/internal/ownpacks":  belowPacks,
	"repo/internal/commits":   belowCommit,

	"repo/internal/transport/fault":    "repo/durable repo/git/object",
	"repo/internal/transport/localgit": "repo/durable repo/git/... repo/internal/transport/fault",
	"repo/internal/transport/sshlogin": "repo/internal/transport/fault golang.org/x/crypto/ssh golang.org/x/crypto/ssh/agent",

	"repo/internal/comparer":    belowCommit,
	"repo/internal/pruning":     belowReader + "repo/internal/comparer",
	"repo/internal/gitindex":    belowReader,
	"repo/internal/projection":  belowReader + "repo/internal/comparer repo/internal/gitindex " + sysUnix,
	"repo/internal/maintenance": belowReader,
	"repo/internal/outgoing":    belowReader,

	"repo/internal/versions": nouns + "repo/internal/dest repo/internal/commits",

	"repo/history":         nouns + "repo/internal/runstate repo/internal/dest repo/internal/commits repo/internal/versions",
	"repo/remote":          belowReader + "repo/internal/outgoing repo/internal/gitexec repo/internal/transport",
	"repo/restore":         nouns + "repo/history repo/restore/rights repo/restore/reach repo/restore/surplus " + sysUnix,
	"repo/restore/rights":  "repo/durable repo/layout repo/record repo/xattr repo/git/object repo/restore/reach " + sysUnix,
	"repo/restore/surplus": "repo/durable repo/layout repo/record repo/git/object repo/restore/reach " + sysUnix,
	"repo/restore/reach":   "repo/durable repo/git/object golang.org/x/text/unicode/norm " + sysUnix,
	"repo/verify":          belowReader + "repo/internal/comparer repo/internal/projection repo/internal/maintenance",
	"repo":                 belowReader + "repo/internal/gitindex repo/internal/projection repo/internal/pruning repo/internal/maintenance repo/verify repo/history repo/remote",

	"repo/repotest": "repo/... " + sysUnix,

	"watch/pattern": "github.com/bmatcuk/doublestar/v4",
	"watch/config":  "repo/durable repo/trust watch/pattern " + yamlV3 + " " + sysUnix,
	"watch/disk":    sysUnix,
	"watch/own":     "watch/disk " + sysUnix,
	"watch/cache":   "repo repo/durable repo/record repo/refusal repo/git/object repo/history watch/disk",
	"watch/scan":    "repo/durable repo/refusal watch/cache watch/config watch/disk watch/own " + sysUnix,
	"watch/capture": "repo/durable repo/record repo/xattr repo/git/object watch/cache watch/disk watch/own watch/scan " + sysUnix,
	"watch/slow":    "repo/durable repo/refusal watch/scan",
	"watch": "repo repo/durable repo/layout repo/record repo/refusal repo/git/object repo/history repo/restore repo/restore/rights " +
		"watch/cache watch/capture watch/config watch/pattern watch/disk watch/own watch/scan watch/slow " +
		sysUnix,
	"watch/daemon":        "watch/config watch/daemon/events watch/disk watch/own watch/scan " + sysUnix,
	"watch/daemon/events": "github.com/fsnotify/fsnotify " + sysUnix,
	"watch/preview":       "repo/durable repo/record repo/history watch watch/cache watch/capture watch/config watch/disk watch/own watch/scan watch/slow " + sysUnix,

	"cmd/timemachine/internal/terminal": "repo/record log/slog github.com/lmittmann/tint " +
		"github.com/schollz/progressbar/v3 github.com/rivo/uniseg golang.org/x/term",
	"cmd/timemachine/internal/journal": "repo/durable log/slog gopkg.in/natefinch/lumberjack.v2 " + sysUnix,
	"cmd/timemachine/internal/hint":    "repo/trust repo/durable repo/record repo/refusal watch/config watch/disk watch/scan",
	"cmd/timemachine/internal/render": "repo repo/durable repo/history repo/remote repo/restore repo/verify repo/record repo/refusal repo/layout repo/when " +
		"repo/textdiff repo/git/object watch watch/preview watch/config watch/scan cmd/timemachine/internal/terminal",
	"cmd/timemachine/internal/blameview":  "repo/history repo/textdiff cmd/timemachine/internal/render cmd/timemachine/internal/terminal",
	"cmd/timemachine/internal/logview":    "repo/history repo/record repo/git/object cmd/timemachine/internal/render cmd/timemachine/internal/terminal",
	"cmd/timemachine/internal/pickaxe":    "repo/record repo/git/object repo/textdiff",
	"cmd/timemachine/internal/folderview": "repo/durable repo/history repo/restore repo/record cmd/timemachine/internal/render cmd/timemachine/internal/terminal",
	"cmd/timemachine/internal/schedule":   "repo/durable repo/record cmd/timemachine/internal/hint",
	"cmd/timemachine/internal/doctor": "repo/durable repo/history repo/layout repo/record repo/trust watch/config watch/daemon/events watch/disk watch/preview watch/scan " +
		"cmd/timemachine/internal/hint cmd/timemachine/internal/render cmd/timemachine/internal/statusview cmd/timemachine/internal/terminal " + sysUnix,
	"cmd/timemachine/internal/statusview": "repo/history repo/remote repo/record watch/preview watch/scan " +
		"cmd/timemachine/internal/render cmd/timemachine/internal/terminal",
	"cmd/timemachine": "repo repo/history repo/remote repo/restore repo/verify repo/record repo/refusal repo/layout repo/when repo/textdiff " +
		"repo/durable repo/trust repo/xattr repo/git/object watch watch/preview watch/cache watch/config watch/disk watch/own watch/scan watch/daemon watch/daemon/events cmd/timemachine/internal/... " +
		"log/slog github.com/spf13/cobra github.com/spf13/pflag golang.org/x/term " + sysUnix,
	"cmd/dist":  "github.com/goreleaser/nfpm/v2/...",
	"cmd/bench": "watch watch/cache watch/config watch/scan repo repo/record repo/refusal repo/verify " + sysUnix + " gonum.org/v1/plot gonum.org/v1/plot/plotter gonum.org/v1/plot/vg gonum.org/v1/plot/vg/draw gonum.org/v1/plot/vg/vgsvg",
}

// planned lists the packages of the table that do not exist yet.
var planned = []string{}

// leftovers lists imports that a package has today and that the table no longer allows.
var leftovers = map[string]string{}

// TestArchitectureImports holds every file, for all operating systems, against the table.
func TestArchitectureImports(t *testing.T) {
	packages := modulePackages(t)
	for dir := range importTable {
		exists, isPlanned := packages[dir] != nil, slices.Contains(planned, dir)
		switch {
		case exists && isPlanned:
			t.Errorf("%s exists: take it off the list of planned packages", dir)
		case !exists && !isPlanned:
			t.Errorf("%s does not exist: take its row out of the table", dir)
		}
	}
	for _, dir := range planned {
		if _, ok := importTable[dir]; !ok {
			t.Errorf("%s is planned and has no row in the table", dir)
		}
	}
	for dir, p := range packages {
		row, ok := importTable[dir]
		if !ok {
			t.Errorf("%s has no row in the table of imports", dir)
			continue
		}
		p.checkImports(t, strings.Fields(row), strings.Fields(leftovers[dir]))
	}
	for dir := range leftovers {
		if packages[dir] == nil {
			t.Errorf("%s does not exist: take its leftovers off the list", dir)
		}
	}
}

// checkImports names each import that neither list allows, and each leftover that is not imported.
func (p *modulePackage) checkImports(t *testing.T, allowed, left []string) {
	unused := slices.Clone(left)
	for _, f := range p.sources() {
		for _, name := range f.imports() {
			if !strings.Contains(strings.Split(name, "/")[0], ".") && !strings.HasPrefix(name, "timemachine/") && name != "log/slog" {
				continue // the standard library
			}
			name = strings.TrimPrefix(name, "timemachine/")
			if slices.ContainsFunc(allowed, func(pattern string) bool { return matchesImport(pattern, name) }) {
				continue
			}
			if !slices.Contains(left, name) {
				t.Errorf("%s imports %s, which package %s may not", f.path, name, p.dir)
			}
			unused = slices.DeleteFunc(unused, func(n string) bool { return n == name })
		}
	}
	for _, name := range unused {
		t.Errorf("%s does not import %s: take it off the list of leftovers", p.dir, name)
	}
}

// matchesImport tells whether a pattern of the table allows an import.
func matchesImport(pattern, name string) bool {
	folder, all := strings.CutSuffix(pattern, "/...")
	return name == folder || all && strings.HasPrefix(name, folder+"/")
}

// surroundings are what only package main reads or changes: it passes them on.
var surroundings = []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.Args", "os.Stdout", "os.Stderr", "os.Stdin", "os.Exit"}

// TestArchitectureSurroundings keeps the environment and the standard streams out of all other
// packages, and names that say nothing out of the tree.
func TestArchitectureSurroundings(t *testing.T) {
	for dir, p := range modulePackages(t) {
		for _, word := range strings.Split(dir, "/") {
			if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "manager"}, word) {
				t.Errorf("%s: a name that says nothing", dir)
			}
		}
		if slices.Contains([]string{"cmd/timemachine", "cmd/bench", "cmd/dist", "repo/repotest", "repo/git/packtest"}, dir) {
			continue
		}
		for _, f := range p.sources() {
			ast.Inspect(f.tree, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && slices.Contains(surroundings, x.Name+"."+s.Sel.Name) {
						t.Errorf("%s uses %s.%s", f.path, x.Name, s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

// imports are the import paths of a file.
func (f *goFile) imports() []string {
	names := map[string]bool{}
	for _, imp := range f.tree.Imports {
		if name, err := strconv.Unquote(imp.Path.Value); err == nil {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
