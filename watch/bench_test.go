package watch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"timemachine/repo"
	"timemachine/watch"
	"timemachine/watch/config"
)

// benchWorld is 20,000 files of some 1 KiB in 200 folders, and a destination.
type benchWorld struct {
	b         *testing.B
	src, dest string
	random    *rand.Rand
}

const benchFiles = 20_000

func newBenchWorld(b *testing.B) *benchWorld {
	dir := b.TempDir()
	w := &benchWorld{b: b, src: filepath.Join(dir, "src"), random: rand.New(rand.NewPCG(3, 4))}
	for i := range benchFiles {
		if i%100 == 0 {
			w.must(os.MkdirAll(filepath.Dir(w.file(i)), 0o755))
		}
		w.write(i)
	}
	w.newDestination(0)
	return w
}

func (w *benchWorld) must(err error) {
	if err != nil {
		w.b.Helper()
		w.b.Fatal(err)
	}
}

func (w *benchWorld) file(i int) string {
	return filepath.Join(w.src, fmt.Sprintf("folder%03d", i/100), fmt.Sprintf("file%02d.conf", i%100))
}

func (w *benchWorld) write(i int) {
	var text []byte
	for len(text) < 1000 {
		text = fmt.Appendf(text, "option-%x = %x\n", w.random.IntN(2000), w.random.Uint32())
	}
	w.must(os.WriteFile(w.file(i), text, 0o644))
}

func (w *benchWorld) newDestination(n int) {
	w.dest = filepath.Join(filepath.Dir(w.src), fmt.Sprintf("dest%d", n))
	w.must(repo.Init(w.dest, repo.Options{}))
}

// run makes a run that must record so many versions of files.
func (w *benchWorld) run(versions int) {
	c, err := config.Parse(filepath.Join(filepath.Dir(w.src), "config.dat"), []byte("- "+w.src+"\n"), config.Env{UID: -1})
	w.must(err)
	r, err := repo.Open(w.dest, repo.Options{Host: "host"})
	w.must(err)
	defer r.Close()
	s, err := watch.Run(context.Background(), watch.RunOptions{Config: c, Repo: r, Clock: time.Now, Report: &problems{}})
	w.must(err)
	if got := fileVersions(s); got != versions {
		w.b.Fatalf("%d versions, want %d", got, versions)
	}
}

// BenchmarkRuns measures whole runs within this process. make profile takes the profile by which
// make build compiles from it.
func BenchmarkRuns(b *testing.B) {
	w := newBenchWorld(b)
	n := 0
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			n++
			w.newDestination(n)
			b.StartTimer()
			w.run(benchFiles)
		}
	})
	b.Run("changes", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			changed := w.random.Perm(benchFiles)[:1000]
			for _, i := range changed {
				w.write(i)
			}
			b.StartTimer()
			w.run(len(changed))
		}
	})
	b.Run("idle", func(b *testing.B) {
		for b.Loop() {
			w.run(0)
		}
	})
}
