package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/layout"
	"timemachine/watch/config"
)

// longestOnWindows is the number of characters of a path in the history from which on git on
// Windows refuses it unless told otherwise: 260, less the folder that a clone is in.
const longestOnWindows = 220

// checkNames finds names that a checkout on Windows or macOS cannot have. They matter where a
// history goes elsewhere. What git itself refuses is escaped in the history.
func checkNames(p *Patient) (found []Finding) {
	if p.History == nil || p.Push == nil && p.Answer == nil {
		return nil
	}
	tip := p.History.Tip()
	tree, err := p.History.Files(tip)
	if err != nil {
		return nil
	}
	collisions, err := p.History.Commits().FoldedCollisions(tip)
	if err != nil {
		return nil
	}
	var refused, folded, long []string
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		switch {
		case !utf8.ValidString(path) || slices.ContainsFunc(strings.Split(path, "/"), windowsRefuses):
			refused = append(refused, path)
		case collisions[path] != "":
			folded = append(folded, path)
		case len(path) > longestOnWindows && len(utf16.Encode([]rune(path))) > longestOnWindows:
			long = append(long, path)
		}
	}
	for _, kind := range []struct {
		paths        []string
		text, remedy string
	}{
		{refused, fmt.Sprintf("Windows or macOS refuse %s in a clone of the history", render.Count(len(refused), "name")), "--no-checkout"},
		{folded, fmt.Sprintf("Windows and macOS take %s for the same as another", render.Count(len(folded), "name")), "--no-checkout"},
		{long, fmt.Sprintf("Windows refuses %s in a clone of the history, being too long", render.Count(len(long), "path")), "-c core.longpaths=true"},
	} {
		if len(kind.paths) == 0 {
			continue
		}
		first := sourceOf(kind.paths[0])
		such := terminal.Quote(first)
		if other := collisions[kind.paths[0]]; other != "" {
			such += " beside " + terminal.Quote(sourceOf(other))
		}
		found = append(found, Finding{Path: first, Note: true, Text: kind.text + ", such as " + such + ": the history is whole, and a checkout there is not",
			Remedy: "clone it there with: git clone " + kind.remedy + " URL"})
	}
	return found
}

// sourceOf is the source of a tree path; the tree path where only the record tells the source.
func sourceOf(path string) string {
	if source, ok := layout.Source(path); ok {
		return source
	}
	return path
}

// reserved are the names that Windows keeps for devices, with any ending.
var reserved = []string{"con", "conin$", "conout$", "prn", "aux", "nul"}

// windowsRefuses tells whether a file on Windows cannot have a name, by the rules of "Naming Files,
// Paths, and Namespaces" there.
func windowsRefuses(name string) bool {
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	stem = strings.TrimRight(stem, " ")
	port, isPort := strings.CutPrefix(stem, "com")
	if !isPort {
		port, isPort = strings.CutPrefix(stem, "lpt")
	}
	isPort = isPort && utf8.RuneCountInString(port) == 1 && strings.Contains("123456789¹²³", port)
	return isPort || slices.Contains(reserved, stem) || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") ||
		strings.ContainsAny(name, `<>:"|?*\`) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' })
}

// checkLarge finds files that a hosting service refuses, and every push with them. What the remote
// has taken already is none.
func checkLarge(p *Patient) (found []Finding) {
	if p.Preview == nil || p.History == nil || p.Push == nil {
		return nil
	}
	all := 0
	for _, path := range p.Preview.Large {
		recorded, err := p.History.Present(path)
		if err != nil || recorded && p.Push.Seen && p.Push.Lacking == 0 {
			continue
		}
		if all++; all > most {
			continue
		}
		remedy := "leave it out with: " + p.Say.Command("add", hint.ShellWord(config.ExclusionOf(path)))
		if recorded {
			remedy = "take it out of the history (docs/push.md), and " + remedy
		}
		found = append(found, Finding{Path: path, Note: true, Text: terminal.Quote(path) + " is over 100 MB large: GitHub and other hosting services refuse each push that holds it", Remedy: remedy})
	}
	return p.andMore(found, all)
}
