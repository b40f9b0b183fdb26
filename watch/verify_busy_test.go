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

// pause holds a run up before an operation until it is let go.
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

// TestVerifyBesideARun verifies while a run has moved the branch and files/, copies/ and the index
// have not followed, or not all. It waits for the run, and finds nothing; what is wrong for another
// reason it finds all the same.
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
				w.check(os.Truncate(w.newestCopy("large"), 5)) // its file in files/ shares the storage
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
			time.AfterFunc(300*time.Millisecond, func() { close(p.letGo) }) // by then it has found all there is, or has ended
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

// TestVerifyAfterAKill: what a run that was killed has not got to is found at once.
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
