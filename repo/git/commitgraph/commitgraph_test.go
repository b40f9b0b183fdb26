package commitgraph

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"timemachine/repo/git/object"
)

func TestMurmur3(t *testing.T) {
	for s, want := range map[string]uint32{"": 0, "Hello world!": 0x627b0c2c, "The quick brown fox jumps over the lazy dog": 0x2e4ff723} {
		if got := murmur3(0, s); got != want {
			t.Errorf("%q: %#x, want %#x", s, got, want)
		}
	}
}

func TestFilter(t *testing.T) {
	many := make([]string, 500)
	for i := range many {
		many[i] = fmt.Sprintf("a/%d", i)
	}
	for _, c := range []struct {
		paths []string
		len   int
	}{
		{nil, 1},
		{[]string{"a"}, 2},
		{[]string{"a/b/c", "a/b/d"}, 5},
		{[]string{"a/é"}, 0},
		{many, 627},
		{append(many, "b/c/d/e/f/g/h/i/j/k/l/m"), 1},
	} {
		f := NewFilter(c.paths)
		if len(f) != c.len {
			t.Errorf("%.40q: %d bytes, want %d", c.paths, len(f), c.len)
		}
		for _, p := range c.paths {
			if dir, _, _ := strings.Cut(p, "/"); !f.May(p) || !f.May(dir) {
				t.Errorf("the filter denies %q", p)
			}
		}
	}
	if NewFilter(nil).May("a") || NewFilter([]string{"a/b"}).May("c") {
		t.Error("the filter rules nothing out")
	}
}

func TestParseCommitUnfit(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef01234567"
	head := "tree " + id + "\nparent " + id + "\nauthor a <b> 1 +0000\n"
	for _, tail := range []string{"", "committer a <b> 1\n", "committer a <b> -1 +0000\n", "committer a <b> 17179869184 +0000\n",
		"committer a <b>  1 +0000\n", "committer a <b>1 +0000\n", "committer a b 1 +0000\n", "encoding x\ncommitter a <b> 1 +0000\n", "committer a <b> 1 +0000"} {
		if _, err := ParseCommit(object.ID{}, []byte(head+tail)); !errors.Is(err, ErrUnfit) {
			t.Errorf("%q: %v", tail, err)
		}
	}
	c, err := ParseCommit(object.ID{}, []byte(head+"committer a> <b> 17179869183 +0000\n\nm"))
	if err != nil || c.Date != MaxDate || len(c.Parents) != 1 || c.Tree.String() != id {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestKeep(t *testing.T) {
	for _, c := range []struct {
		sizes   []int
		n, keep int
	}{
		{nil, 1, 0}, {[]int{3}, 1, 1}, {[]int{2}, 1, 0}, {[]int{100, 30, 9}, 1, 3}, {[]int{100, 30, 9}, 5, 2}, {[]int{100, 30, 9}, 6, 1}, {[]int{90, 30, 9}, 6, 0},
	} {
		chain := &Chain{}
		for _, n := range c.sizes {
			chain.layers = append(chain.layers, &Layer{count: n})
		}
		if got := chain.keep(c.n); got != c.keep {
			t.Errorf("%d on %v: %d stay, want %d", c.n, c.sizes, got, c.keep)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	a, b := object.ID{1}, object.ID{2}
	for name, fresh := range map[string][]Commit{
		"orphan": {{ID: a, Parents: []object.ID{b}}},
		"loop":   {{ID: a, Parents: []object.ID{b}}, {ID: b, Parents: []object.ID{a}}},
		"twice":  {{ID: a}, {ID: a}},
	} {
		if _, err := Encode(&bytes.Buffer{}, &Chain{}, 0, fresh); err == nil {
			t.Errorf("%s is written", name)
		}
	}
}

// smallHistory has all that a layer can have: no filters, merges, dates that do not fit.
var smallHistory = []Commit{{ID: object.ID{1}, Date: 5, Filter: NewFilter(nil)}, {ID: object.ID{2}, Parents: []object.ID{{1}}, Date: 1 << 33},
	{ID: object.ID{3}, Parents: []object.ID{{2}}, Date: 7, Filter: NewFilter([]string{"a/b"})},
	{ID: object.ID{4}, Parents: []object.ID{{1}, {2}, {3}}}, {ID: object.ID{9}, Parents: []object.ID{{4}, {1}}}}

// readAll reads what may be anything, and goes on from there: nothing may panic, and what is
// written can be read.
func readAll(t *testing.T, data []byte) {
	l, err := ParseLayer(data)
	if err != nil {
		return
	}
	l.Whole()
	chain, err := NewChain(l)
	if err != nil {
		return
	}
	var c Commit
	for pos := range chain.Len() {
		chain.Find(chain.ID(pos))
		if err := chain.Commit(pos, &c); err == nil {
			c.Filter.May("a/b")
		}
	}
	if !chain.full() || chain.Len() == 0 {
		return
	}
	_, _, _ = (&layerUpdate{chain: chain}).reached(chain.ID(0))
	for keep := range 2 {
		e := &layerTables{chain: chain, base: chain.lower(keep), fresh: []Commit{{ID: object.ID{200}, Parents: []object.ID{chain.ID(0)}}}, items: []item{{}}}
		if keep == 0 {
			e.items = e.merge(e.items, 1, chain.Len()) // past the checksum
		}
		if e.age() != nil || e.measure() != nil {
			continue
		}
		var out bytes.Buffer
		if _, err := e.write(&out); err == nil {
			parse(t, out.Bytes())
		}
	}
}

// TestDamagedLayer changes every byte of a layer, and cuts it short everywhere.
func TestDamagedLayer(t *testing.T) {
	whole := encode(t, &Chain{}, 0, smallHistory)
	for at := range whole {
		readAll(t, whole[:at])
		for _, b := range []byte{0, 1, 0x70, 0x7f, 0x80, 0xff, ^whole[at]} {
			data := bytes.Clone(whole)
			data[at] = b
			readAll(t, data)
			if l, err := ParseLayer(data); err == nil && b != whole[at] && l.Whole() {
				t.Fatalf("byte %d changed, and the checksum is right", at)
			}
		}
	}
}

func FuzzLayer(f *testing.F) {
	f.Add(encode(f, &Chain{}, 0, smallHistory[:1]))
	f.Add(encode(f, &Chain{}, 0, smallHistory))
	f.Fuzz(readAll)
}

func FuzzParseCommit(f *testing.F) {
	f.Add([]byte("tree 0123456789abcdef0123456789abcdef01234567\nauthor a <b> 1 +0000\ncommitter a <b> 1 +0000\n\nm"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := ParseCommit(object.ID{}, raw)
		if err != nil {
			return
		}
		if c.Date < 0 || c.Date > MaxDate {
			t.Errorf("date %d", c.Date)
		}
		if first, err := object.FirstParent(raw); err != nil || !first.IsZero() != (len(c.Parents) > 0) || len(c.Parents) > 0 && first != c.Parents[0] {
			t.Errorf("first parent %s, of %s: %v", first, c.Parents, err)
		}
	})
}
