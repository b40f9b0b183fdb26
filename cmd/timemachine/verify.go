package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/repo"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/watch"
)

// verifyOptions are the flags of verify.
type verifyOptions struct {
	quick  bool
	repair bool
}

func (a *app) verifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := command("verify", "check the history, files/ and copies/ against each other", verifyHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.verify(ctx, o) })
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.quick, "quick", false, "leave contents unread")
	f.BoolVar(&o.repair, "repair", false, "make again what can be made from the history; the history is never changed")
	return cmd
}

// findingEntry is one line of verify --json with the type "problem".
type findingEntry struct {
	Type      string `json:"type"`
	Part      string `json:"part"`
	Path      string `json:"path,omitempty"`
	PathBytes string `json:"path_bytes,omitempty"`
	Object    string `json:"object,omitempty"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	Repaired  bool   `json:"repaired"`
}

// verifySummary is the last line of verify --json, with the type "summary".
type verifySummary struct {
	Type     string `json:"type"`
	Objects  int64  `json:"objects"`
	Versions int64  `json:"versions"`
	Files    int64  `json:"files"`
	Copies   int64  `json:"copies"`
	Problems int    `json:"problems"`
	Repaired int    `json:"repaired"`
}

// verify checks the destination.
func (a *app) verify(ctx context.Context, o verifyOptions) error {
	p, c, err := a.existing()
	if err != nil {
		return err
	}
	t := &verifyReport{app: a}
	sum, err := a.verifyAny(ctx, p, c, o, t)
	if err = errors.Join(err, t.err); err != nil {
		return err
	}
	a.journal.Debug("verified", "destination", p.dest, "objects", sum.Objects, "versions", sum.Versions, "problems", sum.Findings, "repaired", sum.Repaired)
	if err := t.summary(sum); err != nil {
		return err
	}
	if sum.Findings > sum.Repaired {
		return status(statusFailed)
	}
	return nil
}

// verifyAny looks at a destination, or at what can be looked at of a clone of one.
func (a *app) verifyAny(ctx context.Context, p *place, c *watch.Config, o verifyOptions, t *verifyReport) (*repo.VerifySummary, error) {
	options := repo.VerifyOptions{Quick: o.quick, Repair: o.repair, WantCopy: wantsCopy(c), Report: t.finding, Progress: a.moveBar}
	r, err := a.openWriter(ctx, p, c, o.repair)
	if kindOf(err) == refusal.Foreign && !o.repair {
		h, herr := repo.OpenHistory(p.dest, a.repoOptions(p))
		if herr != nil {
			return nil, errors.Join(err, herr)
		}
		defer h.Close()
		defer a.showBar("verifying")()
		return h.Verify(ctx, options)
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	defer a.showBar("verifying")()
	sum, err := r.Verify(ctx, options)
	return sum, errors.Join(err, t.cache(ctx, r, o.repair, sum))
}

// wantsCopy tells which versions have a copy as the configuration has it.
func wantsCopy(c *watch.Config) func(*record.Version) bool {
	if c != nil && c.CopiesNone {
		return func(*record.Version) bool { return false }
	}
	return nil
}

// verifyReport prints what verify finds, as it finds it.
type verifyReport struct {
	app *app
	err error // of the first line that could not be printed
}

func (t *verifyReport) finding(f repo.Finding) {
	t.app.journal.Warn(findingText(f), "hint", f.Hint)
	if t.err != nil {
		return
	}
	t.app.pauseBar()
	if t.app.flags.json {
		t.err = t.app.printLine(findingEntry{Type: "problem", Part: string(f.Part), Path: f.Path, PathBytes: rawBytes(f.Path),
			Object: idText(f.Object), Message: f.Msg, Hint: f.Hint, Repaired: f.Repaired})
		return
	}
	text := findingText(f)
	if f.Hint != "" {
		text += " (" + f.Hint + ")"
	}
	t.err = t.app.print(harmless(text))
}

// findingText is a finding in one line: what it is about, what is wrong, and whether it still is.
func findingText(f repo.Finding) string {
	var about []string
	if f.Path != "" {
		about = append(about, quote(f.Path))
	}
	if !f.Object.IsZero() {
		about = append(about, f.Object.Short())
	}
	text := string(f.Part) + " " + strings.Join(about, " ") + ": " + f.Msg
	if f.Repaired {
		text += "; repaired"
	}
	return text
}

// cache looks at the one disposable file that package repo does not know. A run at work may be in the midst of writing it.
func (t *verifyReport) cache(ctx context.Context, r *repo.Repo, mend bool, sum *repo.VerifySummary) error {
	err := watch.CheckCache(r.State())
	if err == nil {
		return nil
	}
	_, stopped := r.AtRest(ctx, func() (bool, error) {
		err = watch.CheckCache(r.State())
		return err == nil, nil
	})
	if err == nil || stopped != nil {
		return stopped
	}
	f := repo.Finding{Part: "cache", Path: ".git/timemachine/cache", Msg: cause(err), Hint: "the next run makes another"}
	if mend && watch.DropCache(r.State()) == nil {
		f.Repaired = true
		sum.Repaired++
	}
	sum.Findings++
	t.finding(f)
	return nil
}

func (t *verifyReport) summary(s *repo.VerifySummary) error {
	if t.app.flags.json {
		return t.app.printLine(verifySummary{Type: "summary", Objects: s.Objects, Versions: s.Versions, Files: s.Files, Copies: s.Copies,
			Problems: s.Findings, Repaired: s.Repaired})
	}
	text := "verified " + count(int(s.Objects), "object") + ", " + count(int(s.Versions), "version") + ", " +
		count(int(s.Files), "file") + " and " + plural(int(s.Copies), "copy", "copies") + ": "
	switch {
	case s.Findings == 0:
		text += "no problem"
	case s.Repaired == 0:
		text += count(s.Findings, "problem")
	default:
		text += count(s.Findings, "problem") + ", " + count(s.Repaired, "problem") + " repaired"
	}
	if t.app.flags.quiet {
		return nil
	}
	return t.app.print(text)
}
