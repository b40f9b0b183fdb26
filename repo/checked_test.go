package repo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/internal/runstate"
	"timemachine/repo/refusal"
	"timemachine/repo/repotest"
)

// idle is the first half of a run with nothing to do, by a program that begins anew.
func (h *past) idle() error {
	h.Helper()
	h.check(h.r.Close())
	h.open()
	_, err := h.r.StartUnchanged(context.Background())
	return err
}

// newestPack is the newest pack's path.
func (h *past) newestPack() string {
	h.Helper()
	packs, err := filepath.Glob(filepath.Join(h.dest, ".git/objects/pack/*.pack"))
	if err != nil || len(packs) == 0 {
		h.Fatal("no packs", err)
	}
	newest, when := "", int64(0)
	for _, p := range packs {
		st, err := os.Stat(p)
		if err != nil {
			h.Fatal(err)
		}
		if t := st.ModTime().UnixNano(); t >= when {
			newest, when = p, t
		}
	}
	return newest
}

func (h *past) mustBeDamaged(what string) {
	h.Helper()
	var state *refusal.Error
	if err := h.idle(); !errors.As(err, &state) || state.Kind != refusal.Damaged {
		h.Errorf("%s: %v", what, err)
	}
}

// TestNoPackIsOpened: what cannot be seen from outside is that a pack is not read, so the pack is
// spoilt, and the claim made again that it was found whole as it is now.
func TestNoPackIsOpened(t *testing.T) {
	h := newPast(t)
	h.run("/etc/a", "/etc/b")
	if err := h.idle(); err != nil {
		t.Fatal(err)
	}
	spoil(t, h.newestPack())
	h.mustBeDamaged("spoilt after it was found whole")
	claim, _, err := h.r.listFiles(h.tip())
	if err != nil || !strings.HasPrefix(claim, h.tip().String()) {
		t.Fatal(claim, err)
	}
	checked := filepath.Join(h.dest, ".git/timemachine", runstate.CheckedName)
	if err := os.WriteFile(checked, []byte(claim), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.idle(); err != nil {
		t.Errorf("the pack is read, though nothing about it changed: %v", err)
	}
	var state *refusal.Error
	if _, err := h.r.Begin(context.Background(), h.tip(), "20261123T044830Z-0000", nil); !errors.As(err, &state) || state.Kind != refusal.Damaged {
		t.Errorf("what is to be committed goes on top of a pack that is not read: %v", err)
	}
	for n := range len(claim) {
		if err := os.WriteFile(checked, []byte(claim[:n]), 0o600); err != nil {
			t.Fatal(err)
		}
		h.mustBeDamaged("a claim cut short is believed")
	}
	other := []byte(claim)
	other[0] ^= 1
	if err := os.WriteFile(checked, other, 0o600); err != nil {
		t.Fatal(err)
	}
	h.mustBeDamaged("a claim about another tip is believed")
}

// spoil overwrites a file's bytes behind its head, its size unchanged.
func spoil(t *testing.T, path string) {
	t.Helper()
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, st.Size()-12), 12); err != nil {
		t.Fatal(err)
	}
}

func TestPackThatIsGone(t *testing.T) {
	h := newPast(t)
	h.run("/etc/a")
	h.run("/etc/b")
	if err := h.idle(); err != nil {
		t.Fatal(err)
	}
	for _, ext := range []string{".pack", ".idx"} {
		name := strings.TrimSuffix(h.newestPack(), ".pack") + ext
		if err := os.Rename(name, name+".away"); err != nil {
			t.Fatal(err)
		}
		h.mustBeDamaged(ext + " is gone")
		if err := os.Rename(name+".away", name); err != nil {
			t.Fatal(err)
		}
		if err := h.idle(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLooseTip: a loose object goes without a trace, so a commit of somebody else's is read each
// time.
func TestLooseTip(t *testing.T) {
	h := newPast(t)
	h.run("/etc/a")
	repotest.Git(t, h.dest, "commit", "-q", "--allow-empty", "-m", "by hand")
	if err := h.idle(); err != nil {
		t.Fatal(err)
	}
	tip := strings.TrimSpace(repotest.Git(t, h.dest, "rev-parse", "main"))
	if err := os.Remove(filepath.Join(h.dest, ".git/objects", tip[:2], tip[2:])); err != nil {
		t.Fatal(err)
	}
	h.mustBeDamaged("the loose tip is gone")
}
