package watch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/verify"
)

// pause stops a run before an operation until letGo is closed.
type pause struct {
	moment
	reached, letGo chan struct{}
	done           bool
}

func (p *pause) Before(op *durable.Op) error {
	if op.Kind == p.kind && strings.HasSuffix(op.Path, p.suffix) && !p.done {
		p.done = true
		close(p.reached)
		<-p.letGo
	}
	return nil
}

func (p *pause) After(*durable.Op) {}

// TestVerifyBesideARun verifies while a run has moved the branch, but not updated all of files/,
// copies/ and the index. Verify waits for the run and finds nothing of that. It finds real damage
// all the same.
func TestVerifyBesideARun(t *testing.T) {
	for _, m := range []moment{
		{"before the pack is given free", durable.Remove, ".keep"},
		{"before anything follows", durable.Create, "stage/file0"},
		{"before the index follows", durable.Rename, "index.lock"},
		{"before the mark goes", durable.Remove, "timemachine/pending"},
	} {
		for _, damage := range []bool{false, true} {
			w := newWorld(t)
			w.plant()
			w.runAny()
			if damage {
				// The file in files/ may share the storage.
				w.check(os.Truncate(w.newestCopy("large"), 5))
				w.check(os.Remove(w.newestCopy("d/b")))
			}
			w.change()
			p := &pause{moment: m, reached: make(chan struct{}), letGo: make(chan struct{})}
			remove := durable.SetSeam(p)
			ran := make(chan error)
			go func() { ran <- w.once() }()
			select {
			case <-p.reached:
			case err := <-ran:
				t.Fatalf("%s: a run comes to its end without that: %v", m.name, err)
			}
			// By then verify has found all damage, or has ended.
			time.AfterFunc(300*time.Millisecond, func() { close(p.letGo) })
			found, sum := w.verify(verify.Options{Quick: true})
			ended := p.ended()
			remove()
			w.check(<-ran)
			if !ended {
				t.Errorf("%s: verify has not waited for the run", m.name)
			}
			var what []string
			for _, f := range found {
				name := filepath.Base(f.Path)
				what = append(what, string(f.Part)+" "+name[strings.LastIndexByte(name, '-')+1:])
			}
			slices.Sort(what)
			want := ""
			if damage {
				want = "copy b, copy large, file large"
			}
			if got := strings.Join(what, ", "); got != want {
				t.Errorf("%s: found %q, want %q: %v", m.name, got, want, found)
			}
			if sum.Findings != len(found) || sum.Versions < 6 {
				t.Errorf("%+v", sum)
			}
		}
	}
}

func (p *pause) ended() bool {
	select {
	case <-p.letGo:
		return true
	default:
		return false
	}
}

// TestVerifyAfterAKill checks that verify finds at once what a killed run has not updated.
func TestVerifyAfterAKill(t *testing.T) {
	w := newWorld(t)
	w.plant()
	w.run(6)
	w.change()
	w.cutShort()
	began := time.Now()
	found, _ := w.verify(verify.Options{Quick: true})
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	marked := false
	for _, f := range found {
		marked = marked || f.Path == ".git/timemachine/pending"
	}
	if !marked {
		t.Errorf("found: %v", found)
	}
	w.runAny()
	if found, _ := w.verify(verify.Options{}); len(found) > 0 {
		t.Errorf("after a run: %v", found)
	}
}
