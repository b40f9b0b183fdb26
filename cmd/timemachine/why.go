package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/repo/history"
	"timemachine/repo/refusal"
	"timemachine/watch/config"
	"timemachine/watch/preview"
)

func (a *app) whyCommand() *cobra.Command {
	cmd := newCommand("why PATH…", "tell why a file is recorded, or left out", whyHelp, needPaths("why"), a.why)
	cmd.Example = whyExamples
	return cmd
}

// why tells of each path what a run would do with it. It only reads.
func (a *app) why(ctx context.Context, words []string) error {
	p, c, err := a.readPlace()
	if err != nil {
		return err
	}
	if c == nil {
		c = &config.Config{File: p.config}
	}
	h, err := a.openToRead(p.dest, "", nil)
	switch refusalKind(err) {
	case refusal.NoDestination:
		a.console.Warn(err.Error())
		h, err = nil, nil
	case refusal.NoVersions, refusal.NoRepository:
		h, err = nil, nil
	}
	if err != nil {
		return err
	}
	if h != nil {
		defer h.Close()
	}
	for _, word := range words {
		if word == "" {
			return &usageError{msg: "an empty path is nowhere", hint: a.spell("why", "PATH…")}
		}
		path, err := a.pathToExplain(ctx, h, word)
		if err != nil {
			return err
		}
		x, err := preview.Explain(ctx, c, h, p.dest, a.own(p), path, a.now())
		if err != nil {
			return err
		}
		w := &render.Why{Explanation: x, Configuration: p.config, Hint: a.whyHint(p, x)}
		if x.Reason == preview.Recorded {
			w.Ignored = c.LinesToIgnore(path)
		}
		if err := countVersions(ctx, h, w); err != nil {
			return err
		}
		if a.flags.json {
			err = a.printJSONLine(newWhyDocument(w, a.clock()))
		} else {
			err = a.sayLines(w.Lines(a.clock()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pathToExplain is the path that a PATH of why means: of one in the destination the source that it
// stands for. h is nil where there is no history. Links are part of what why explains.
func (a *app) pathToExplain(ctx context.Context, h *history.History, word string) (string, error) {
	path, err := a.absolute(word)
	if err != nil || h == nil {
		return path, err
	}
	source, _, err := storedSource(ctx, h, placeInDestination(h.Dest(), path))
	return cmp.Or(source, path), err
}

// countVersions fills in what the history holds of the path.
func countVersions(ctx context.Context, h *history.History, w *render.Why) error {
	if h == nil {
		return nil
	}
	if w.Folder {
		files, err := h.Current(w.Path)
		w.Files = len(files)
		return err
	}
	if known, err := h.KnownWithoutSearch(w.Path); !known || err != nil {
		return err
	}
	if sources, err := h.Sources(ctx, w.Path); err != nil || len(sources) == 0 || sources[0] != w.Path {
		return err // a folder that was
	}
	for e, err := range h.Log(ctx, history.LogOptions{Path: w.Path}) {
		if err != nil {
			return err
		}
		if !e.Ends() {
			w.Versions++
			w.Since = e.CaptureTime()
		}
	}
	return nil
}

// whyHint is what a person can type to have a path recorded that is not; "" for nothing.
func (a *app) whyHint(p *place, x *preview.Explanation) string {
	add := a.spell("add", hint.ShellWord(x.Path))
	if !exists(x.Path) {
		add = a.spell("add", "--missing-ok", hint.ShellWord(config.MissingText(x.Path)))
	}
	switch x.Reason {
	case preview.Unwatched:
		if destinationReason(p.dest, x.Path) == "" {
			return "to watch it: " + add
		}
	case preview.Excluded:
		return "to watch it all the same: " + add
	case preview.BehindLink:
		if real := resolveLinks(x.Path); real != x.Path {
			return "the file itself is " + hint.ShellWord(real) + ": " + a.spell("why", hint.ShellWord(real))
		}
	case preview.TooLarge:
		return "to change max-size: " + a.spell("config", "edit")
	case preview.OwnerMayNot:
		return "let the destination's owner read it, or use a destination of your own"
	}
	return ""
}

// whyDocument is what why --json prints.
type whyDocument struct {
	Path      string `json:"path"`
	PathBytes string `json:"path_bytes,omitempty"`
	Reason    string `json:"reason"`
	Recorded  bool   `json:"recorded"` // a run records it, or scans the folder
	Folder    bool   `json:"folder,omitempty"`
	At        string `json:"at"` // the path, or the folder above it that decides
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`

	Configuration string     `json:"configuration"`
	Entry         string     `json:"entry,omitempty"`
	EntryLine     int        `json:"entry_line,omitempty"`
	Exclusion     string     `json:"exclusion,omitempty"`
	ExclusionLine int        `json:"exclusion_line,omitempty"` // absent for a default exclusion
	Versions      int        `json:"versions"`
	Since         *time.Time `json:"since,omitempty"`
	Files         int        `json:"files,omitempty"`
	IgnoreLines   []int      `json:"ignore_lines,omitempty"` // of the configuration
}

// newWhyDocument is the answer as JSON.
func newWhyDocument(w *render.Why, c render.Clock) whyDocument {
	d := whyDocument{Path: w.Path, PathBytes: render.RawBytes(w.Path), Reason: string(w.Reason), Recorded: w.Reason == preview.Recorded || w.Reason == preview.FolderScanned,
		Folder: w.Folder, At: w.At, Message: w.Verdict(c), Hint: w.Hint, Configuration: w.Configuration, Versions: w.Versions, Files: w.Files}
	if w.Entry != nil {
		d.Entry, d.EntryLine = w.Entry.Text, w.Entry.Line
	}
	if w.Rule != nil {
		d.Exclusion, d.ExclusionLine = w.Rule.Text, w.Rule.Line
	}
	for _, l := range w.Ignored {
		d.IgnoreLines = append(d.IgnoreLines, l.Line)
	}
	if w.Versions > 0 {
		d.Since = &w.Since
	}
	return d
}
