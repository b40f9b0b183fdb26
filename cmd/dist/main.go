package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// target is a system that the program is built for.
type target struct{ os, arch string }

var targets = []target{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}}

// release is a release that is being built.
type release struct {
	source, out string // the clone, and the folder for the results
	work        string // a temporary folder
	version     string
	date        time.Time // of everything in it
	results     []string  // names in out
}

func main() {
	r := release{}
	only := flag.String("only", "", "build for these `SYSTEMS` only, such as linux/amd64, separated by commas")
	flag.StringVar(&r.source, "source", ".", "the clone to build")
	flag.StringVar(&r.out, "o", "bin/dist", "the `FOLDER` for the results")
	flag.StringVar(&r.version, "version", "", "the version; by default that of the newest tag, else of CHANGELOG.md")
	flag.Parse()
	if err := r.build(*only); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func (r *release) build(only string) (err error) {
	if r.source, err = filepath.Abs(r.source); err == nil {
		r.out, err = filepath.Abs(r.out)
	}
	if err == nil {
		err = r.identify()
	}
	if err == nil {
		err = os.MkdirAll(r.out, 0o755)
	}
	if err == nil {
		r.work, err = os.MkdirTemp("", "timemachine-dist")
	}
	if err != nil {
		return err
	}
	defer os.RemoveAll(r.work)
	if err := r.compile(target{}, r.at("host")); err != nil {
		return err
	}
	pages, err := r.document()
	if err != nil {
		return err
	}
	built := 0
	for _, t := range targets {
		if only != "" && !slices.Contains(strings.Split(only, ","), t.os+"/"+t.arch) {
			continue
		}
		built++
		if err := r.buildFor(t, pages); err != nil {
			return fmt.Errorf("%s/%s: %w", t.os, t.arch, err)
		}
	}
	if built == 0 {
		return fmt.Errorf("-only %q names none of %v", only, targets)
	}
	return r.writeSums()
}

// identify finds out the version and the date: those of the commit that is checked out.
func (r *release) identify() error {
	seconds, err := strconv.ParseInt(r.git("log", "-1", "--format=%ct"), 10, 64)
	if err != nil {
		return fmt.Errorf("%s is no clone with commits", r.source)
	}
	r.date = time.Unix(seconds, 0).UTC()
	if r.version != "" {
		return nil
	}
	if tag := r.git("describe", "--tags", "--exact-match", "--match", "v*"); tag != "" {
		r.version = strings.TrimPrefix(tag, "v")
		return nil
	}
	changes, err := os.ReadFile(filepath.Join(r.source, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(changes)) {
		if words := strings.FieldsFunc(line, func(c rune) bool { return c == ' ' || c == ',' || c == '\n' }); len(words) > 1 && words[0] == "##" && words[1][0] >= '0' && words[1][0] <= '9' {
			// before the release of that name, in the order of Debian and RPM
			r.version = words[1] + "~" + r.date.Format("20060102150405") + "." + r.git("rev-parse", "--short=10", "HEAD")
			return nil
		}
	}
	return fmt.Errorf("CHANGELOG.md names no version")
}

// git is the output of a git command in the clone; "" where it fails.
func (r *release) git(args ...string) string {
	out, err := exec.Command("git", append([]string{"-C", r.source}, args...)...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func (r *release) at(name string) string { return filepath.Join(r.work, name) }

// compile builds the program for a target; for this system where it is none.
func (r *release) compile(t target, to string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-pgo=cmd/timemachine/build.pgo", "-ldflags", "-s -w -X main.version="+r.version, "-o", to, "./cmd/timemachine")
	cmd.Dir, cmd.Env = r.source, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOOS="+t.os, "GOARCH="+t.arch)
	return say(cmd)
}

// say runs a command. What it prints is part of its error.
func say(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}

// file is a file of an archive or a package.
type file struct {
	name string // in the archive
	path string // where it is
	mode os.FileMode
}

// document lets the program write its manual pages, completions and units, and lists them.
func (r *release) document() (all []file, err error) {
	host := r.at("host")
	run := func(to string, args ...string) {
		cmd := exec.Command(host, args...)
		cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+strconv.FormatInt(r.date.Unix(), 10))
		out, cerr := cmd.Output()
		if cerr != nil && err == nil {
			err = fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), cerr)
		}
		if to != "" && err == nil {
			err = os.WriteFile(to, out, 0o644)
		}
	}
	for _, dir := range []string{"man", "units", "completions"} {
		if err := os.Mkdir(r.at(dir), 0o755); err != nil {
			return nil, err
		}
	}
	run("", "man", r.at("man"))
	run("", "man", "--units", r.at("units"))
	run(r.at("completions/timemachine.bash"), "completion", "bash")
	run(r.at("completions/_timemachine"), "completion", "zsh")
	run(r.at("completions/timemachine.fish"), "completion", "fish")
	for _, dir := range []string{"man", "units", "completions"} {
		entries, rerr := os.ReadDir(r.at(dir))
		if err == nil {
			err = rerr
		}
		for _, e := range entries {
			all = append(all, file{dir + "/" + e.Name(), r.at(dir + "/" + e.Name()), 0o644})
		}
	}
	for _, name := range []string{"CHANGELOG.md", "LICENSE", "README.md"} {
		all = append(all, file{name, filepath.Join(r.source, name), 0o644})
	}
	return all, err
}

// buildFor builds everything for one target.
func (r *release) buildFor(t target, pages []file) error {
	program := file{"timemachine", r.at("timemachine-" + t.os + "-" + t.arch), 0o755}
	if err := r.compile(t, program.path); err != nil {
		return err
	}
	if err := r.archive(t, append([]file{program}, pages...)); err != nil || t.os != "linux" {
		return err
	}
	return r.packages(t, program, pages)
}

// create makes a file in out, which counts as a result.
func (r *release) create(name string, write func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(r.out, name))
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", name, err)
	}
	r.results = append(r.results, name)
	return f.Close()
}

// writeSums writes the checksums of all results, as sha256sum -c reads them.
func (r *release) writeSums() error {
	var text strings.Builder
	slices.Sort(r.results)
	for _, name := range r.results {
		b, err := os.ReadFile(filepath.Join(r.out, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(b), name)
		fmt.Printf("%s  %.1f MB\n", filepath.Join(r.out, name), float64(len(b))/1e6)
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(text.String()), 0o644)
}
