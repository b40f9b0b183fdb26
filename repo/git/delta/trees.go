package delta

import (
	"bytes"

	"timemachine/repo/git/object"
)

// BetweenTrees is the delta between two raw trees in git's order. It compares entry by entry: a
// changed entry costs its 20-byte ID. Where the bytes are no tree it inserts the rest whole, which
// is still a correct delta.
func BetweenTrees(base, new []byte) []byte {
	m := treeMerge{base: base, new: new}
	m.delta = appendHead(nil, len(base), len(new))
	for m.j < len(new) {
		m.step()
	}
	m.flush()
	return m.delta
}

// treeMerge walks two trees at once: i in the base, j in the new one. It joins neighbouring copies
// and inserts.
type treeMerge struct {
	base, new  []byte
	i, j       int
	delta      []byte
	copyAt     int
	copyLen    int
	insertFrom int
	insertLen  int
}

func (m *treeMerge) step() {
	bn, be := entryEnd(m.base, m.i)
	nn, ne := entryEnd(m.new, m.j)
	if bn < 0 || nn < 0 {
		m.insert(m.j, len(m.new)-m.j)
		m.j = len(m.new)
		return
	}
	old, now := m.base[m.i:bn], m.new[m.j:nn]
	if bytes.Equal(old, now) {
		m.copy(m.i, bn+1-m.i)
		if bytes.Equal(m.base[bn+1:be], m.new[nn+1:ne]) {
			m.copy(bn+1, object.IDLen)
		} else {
			m.insert(nn+1, object.IDLen)
		}
		m.i, m.j = be, ne
		return
	}
	order := compareEntries(old, now)
	if order >= 0 {
		m.insert(m.j, ne-m.j)
		m.j = ne
	}
	if order <= 0 {
		m.i = be
	}
}

func (m *treeMerge) copy(at, n int) {
	if m.copyLen > 0 && m.copyAt+m.copyLen == at {
		m.copyLen += n
		return
	}
	m.flush()
	m.copyAt, m.copyLen = at, n
}

func (m *treeMerge) insert(from, n int) {
	if m.insertLen == 0 {
		m.flush()
		m.insertFrom = from
	}
	m.insertLen += n
}

// flush writes the pending copy or insert; only one of them is pending at a time.
func (m *treeMerge) flush() {
	m.delta = appendCopy(m.delta, m.copyAt, m.copyLen)
	m.delta = appendInsert(m.delta, m.new[m.insertFrom:m.insertFrom+m.insertLen])
	m.copyLen, m.insertLen = 0, 0
}

// entryEnd finds the NUL after the name of the entry at offset at, and the entry's end. It is -1
// where the entry is cut short.
func entryEnd(raw []byte, at int) (nul, end int) {
	n := bytes.IndexByte(raw[at:], 0)
	if n < 0 || len(raw)-at-n-1 < object.IDLen {
		return -1, -1
	}
	return at + n, at + n + 1 + object.IDLen
}

// compareEntries orders two "mode name" pairs.
func compareEntries(a, b []byte) int {
	_, an, _ := bytes.Cut(a, []byte(" "))
	_, bn, _ := bytes.Cut(b, []byte(" "))
	isTree := func(e []byte) bool { return bytes.HasPrefix(e, []byte("4")) }
	return object.CompareNames(an, isTree(a), bn, isTree(b))
}
