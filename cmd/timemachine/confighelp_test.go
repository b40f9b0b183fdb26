package main

import (
	"slices"
	"strings"
	"testing"

	"timemachine/watch/config"
)

// TestConfigurationHelp: the examples of the help page are valid, tell every key, and the list of
// default exclusions is the one in force.
func TestConfigurationHelp(t *testing.T) {
	var blocks []string
	for paragraph := range strings.SplitSeq(configurationHelp, "\n\n") {
		if strings.HasPrefix(paragraph, "  ") {
			blocks = append(blocks, paragraph)
		}
	}
	if len(blocks) != 3 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, example := range blocks[:2] {
		var text strings.Builder
		for line := range strings.Lines(example) {
			text.WriteString(strings.TrimPrefix(line, "  "))
		}
		c, err := config.Parse("/c/config.dat", []byte(text.String()+"\n"), config.Env{UID: -1, Home: "/home/u"})
		if err != nil {
			t.Errorf("%s: %v", text.String(), err)
		} else if len(c.Entries) == 0 {
			t.Errorf("%s: no entry", text.String())
		}
	}
	_, keys, _ := strings.Cut(configurationHelp, "\n\nKeys:")
	for _, key := range config.Keys {
		if !strings.Contains(blocks[1], "  "+key+":") || !strings.Contains(keys, "\n  "+key) {
			t.Errorf("the key %s is not told", key)
		}
	}
	if told := strings.Fields(blocks[2]); !slices.Equal(told, config.DefaultExclusions) {
		t.Errorf("it tells %q, and %q are left out", told, config.DefaultExclusions)
	}
}
