package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"timemachine/repo/when"
	"timemachine/watch/config"
)

// TestConfigurationHelp: the short example of the help page is valid, and the help on patterns
// lists the default exclusions. Tests in watch/config hold the table of keys and the full example.
func TestConfigurationHelp(t *testing.T) {
	blocks := strings.Split(configurationForms, "\n\n")
	short := strings.TrimPrefix(strings.ReplaceAll("\n"+blocks[1], "\n  ", "\n"), "\n") + "\n"
	if c, err := config.Parse("/c/config.dat", []byte(short), config.Env{UID: -1, Home: "/home/u"}); err != nil || len(c.Entries) != 3 {
		t.Errorf("%s: %v", short, err)
	}
	if !strings.Contains(configurationHelp, strings.Split(config.FullExample, "\n")[0]) {
		t.Error("it has no full example")
	}
	_, list, _ := strings.Cut(patternsHelp, "Left out below every watched folder, unless an item names it:\n\n")
	list, _, _ = strings.Cut(list, "\n\n")
	if told := strings.Fields(list); !slices.Equal(told, config.DefaultExclusions) {
		t.Errorf("it tells %q, and %q are left out", told, config.DefaultExclusions)
	}
}

// TestConfigurationPage: docs/configuration.md is what make docs writes.
func TestConfigurationPage(t *testing.T) {
	page := filepath.Join("..", "..", "docs", "configuration.md")
	b, err := os.ReadFile(page)
	if err != nil || string(b) != configurationPage() {
		t.Errorf("docs/configuration.md is not as its source has it: type make docs (%v)", err)
	}
	for _, m := range config.Manuals {
		if !strings.Contains(string(b), "\n### `"+m.Key+"`\n") {
			t.Errorf("it does not tell of %s", m.Key)
		}
	}
}

// TestPatternsHelp: the patterns and exclusions of the help mean what stands beside them.
func TestPatternsHelp(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^  (\S+)   +\S`).FindAllStringSubmatch(patternsHelp, -1)
	list := "destination: /d\nwatch:\n"
	for _, m := range rows {
		list += "  - " + strconv.Quote(m[1]) + "\n"
	}
	c, err := config.Parse("/c/config.dat", []byte(list), config.Env{UID: -1, Home: "/home/u"})
	if err != nil || len(rows) != 10 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for path, watched := range map[string]bool{
		"/c/notes.txt": true, "/etc/a/b": true, "/home/u/notes/a/b.md": true, "/home/u/notes/c.md": true, "/home/u/notes/c.txt": false,
		"/srv/www/conf": true, "/srv/ftp/conf/x": true, "/srv/www/other": false, "/var/log/app-1x": true, "/var/log/app-x": false, "/var/log/app-1/x": true,
		"/etc/a/b.bak": false, "/etc/x.bak/y": false, "/etc/cache/x": false, "/etc/cache": true, "/etc/ssl/private/key": false, "/etc/logs/a.log": false, "/etc/x/logs/a.log": true,
		"/etc/important.bak": true, "/etc/cache/important.bak": false,
	} {
		if got := c.Select(path) != nil; got != watched {
			t.Errorf("%s: watched %v", path, got)
		}
	}
}

// TestTimeHelp: each form of the help is read.
func TestTimeHelp(t *testing.T) {
	_, rows, _ := strings.Cut(timeHelp, "WHEN is\n")
	rows, _, _ = strings.Cut(rows, "\n\n")
	tried := 0
	for _, m := range regexp.MustCompile(`(?m)^  (\S.*?)(?:   .*)?$`).FindAllStringSubmatch(rows, -1) {
		for _, form := range strings.Split(m[1], ", ") {
			tried++
			if _, err := when.Parse(form, time.Now()); err != nil {
				t.Error(err)
			}
		}
	}
	if tried < 15 {
		t.Errorf("%d forms", tried)
	}
}

// TestExclusionsPage: docs/exclusions.md tells of each default exclusion which program makes it,
// and of no other.
func TestExclusionsPage(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "exclusions.md"))
	if err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(string(b), "\n## ")
	var told []string
	for line := range strings.Lines(table) {
		if row := strings.Split(line, "|"); len(row) > 3 && strings.HasPrefix(row[1], " `") {
			told = append(told, strings.Fields(strings.ReplaceAll(row[1], "`", ""))...)
		}
	}
	if !slices.Equal(told, config.DefaultExclusions) {
		t.Errorf("the page tells %q, and %q are left out", told, config.DefaultExclusions)
	}
}
