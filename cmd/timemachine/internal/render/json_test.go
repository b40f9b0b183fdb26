package render

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"timemachine/repo/record"
)

func FuzzJSONIsHarmless(f *testing.F) {
	for _, name := range []string{"/plain", "/tmp/a\nforged", "/tmp/\x1b[2J", "/tmp/c1\u009b31m", "/tmp/bidi\u202egnp.exe", "/tmp/del\x7f", "/tmp/latin1-\xe9", "<&>", "tag\U000e0041", "�", "a\\u0041"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, indent := range []string{"", "  "} {
			text, err := jsonText(map[string]string{"name": name}, indent)
			if err != nil {
				t.Fatal(err)
			}
			if i := bytes.IndexFunc(text, func(r rune) bool { return r != '\n' && record.Hidden(r) }); i >= 0 {
				t.Errorf("%q holds a hazard at byte %d", text, i)
			}
			if lines := bytes.Count(text, []byte("\n")); indent == "" && lines != 1 {
				t.Errorf("%d lines: %q", lines, text)
			}
			var back map[string]string
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if utf8.ValidString(name) && back["name"] != name {
				t.Errorf("%q came back as %q", name, back["name"])
			}
		}
	})
}
