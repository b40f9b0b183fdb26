package transport

import (
	"bytes"
	"io"
	"testing"

	"timemachine/repo/git/object"
)

// FuzzAnswers reads any bytes as what a remote says, in every place: nothing panics or runs for
// long, and only a report that says so makes a push succeed.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte("003f0000000000000000000000000000000000000000 capabilities^{}\x00report-status side-band-64k\n0000"))
	f.Add([]byte("0031\x01000eunpack ok\n0017ok refs/heads/main\n00000000"))
	f.Add([]byte("000eunpack ok\n0017ok refs/heads/main\n0000"))
	f.Add([]byte("000eunpack ok\n001cng refs/heads/main hook\n0000"))
	f.Add([]byte("0008NAK\n0009\x01PACK0006\x02x0000"))
	f.Add([]byte("000dERR none\n"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if a, err := readAdvertisement(newPackets(bytes.NewReader(answer))); err == nil {
			for name, id := range a.refs {
				if id.IsZero() || name == "" {
					t.Errorf("%q is at %s", name, id)
				}
			}
		}
		for _, can := range []map[string]string{{}, {"side-band-64k": ""}} {
			a := &advertisement{can: can}
			err := a.readReport(bytes.NewReader(answer), Update{Ref: "refs/heads/main", New: object.ID{1}})
			if err == nil && (!bytes.Contains(answer, []byte("k refs/heads/main")) || !bytes.Contains(answer, []byte("unpack"))) {
				t.Error("a push without a report succeeds")
			}
			_ = a.readPack(bytes.NewReader(answer), io.Discard)
		}
		r := &remarks{}
		r.Write(answer)
		for _, line := range r.lines() {
			if bytes.ContainsAny([]byte(line), "\n\r") {
				t.Errorf("a line %q", line)
			}
		}
		findNetrc(string(answer), "host", "user")
		if e, err := parseURL(string(answer)); err == nil && e.scheme != schemeFile && e.host == "" {
			t.Errorf("%+v without a host", e)
		}
	})
}
