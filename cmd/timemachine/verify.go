package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/repo/verify"
	"timemachine/watch/cache"
	"timemachine/watch/config"
)

// verifyOptions are the flags of verify.
type verifyOptions struct {
	quick  bool
	repair bool
	branch string
}

func (a *app) verifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := newCommand("verify", "check the history, files/ and copies/ against each other", verifyHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.verify(ctx, o) })
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.quick, "quick", false, "leave contents unread")
	f.BoolVar(&o.repair, "repair", false, "make again what can be made from the history; the history is never changed")
	a.addBranchFlag(cmd, &o.branch)
	return cmd
}

// verify checks the destination.
func (a *app) verify(ctx context.Context, o verifyOptions) error {
	p, c, err := a.verifyPlace(o.repair)
	if err != nil {
		return err
	}
	t := a.newVerifyReport()
	sum, err := a.verifyDestination(ctx, p, c, o, t)
	if err = errors.Join(err, t.err, t.printMore()); err != nil {
		return err
	}
	a.journal.Debug("verified", "destination", p.dest, "objects", sum.Objects, "versions", sum.Versions, "problems", sum.Findings, "repaired", sum.Repaired)
	if err := t.printSummary(sum, o.quick); err != nil {
		return err
	}
	if sum.Findings > sum.Repaired {
		return status(statusFailed)
	}
	return nil
}

// verifyPlace finds the place. A verify that only reads makes no log, but adds to the one that
// exists.
func (a *app) verifyPlace(repair bool) (*place, *config.Config, error) {
	if repair {
		return a.openPlace()
	}
	p, c, err := a.readPlace()
	if err == nil && exists(p.journal) {
		a.openJournal(p.journal)
	}
	return p, c, err
}

// verifyDestination verifies a destination, or what a clone holds of one.
func (a *app) verifyDestination(ctx context.Context, p *place, c *config.Config, o verifyOptions, t *verifyReport) (*verify.Summary, error) {
	options := verify.Options{Quick: o.quick, Repair: o.repair, Report: t.printFinding, Progress: a.console.MoveBar}
	if o.branch != "" && o.repair {
		return nil, &usageError{msg: "--repair and --branch exclude each other", hint: "files/ and copies/ belong to the recorded branch"}
	}
	if o.branch != "" {
		return a.verifyClone(ctx, p, o, t, options)
	}
	rep := a.newProblemReport(nil)
	defer rep.sayMore()
	r, err := a.openForUpkeep(p, &rep)
	if refusalKind(err) == refusal.Foreign && !o.repair {
		return a.verifyClone(ctx, p, o, t, options)
	}
	if state := damageOf(err); state != nil {
		return a.verifyDamaged(ctx, p, state, t, options)
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	defer a.console.ShowBar("verifying")()
	if c != nil {
		if options.WantCopy, err = r.CopiesExpected(ctx, repo.CopyPolicy(c.CopiesKeep), time.Now()); err != nil {
			return nil, err
		}
	}
	check := r.Verify
	if o.repair {
		w, err := r.Lock(ctx, upkeepOptions(c))
		if err != nil {
			return nil, err
		}
		check = w.Repair
	}
	sum, err := check(ctx, options)
	return sum, errors.Join(err, t.checkCache(ctx, r, o.repair, sum))
}

// verifyClone verifies what a clone, or a branch, holds of a history.
func (a *app) verifyClone(ctx context.Context, p *place, o verifyOptions, t *verifyReport, options verify.Options) (*verify.Summary, error) {
	h, err := a.openToRead(p.dest, o.branch, nil)
	if state := damageOf(err); state != nil {
		return a.verifyDamaged(ctx, p, state, t, options)
	}
	if err != nil {
		return nil, err
	}
	defer h.Close()
	t.onlyHistory = true
	defer a.console.ShowBar("verifying")()
	return repo.VerifyClone(ctx, h, options)
}

// damageOf is the error of a history that cannot be opened since it is damaged, or what leads to
// it; nil for any other.
func damageOf(err error) *refusal.Error {
	var state *refusal.Error
	if errors.As(err, &state) && state.Kind == refusal.Damaged {
		return state
	}
	return nil
}

// verifyDamaged verifies what can be read of a destination, or a clone, that cannot be opened.
func (a *app) verifyDamaged(ctx context.Context, p *place, state *refusal.Error, t *verifyReport, options verify.Options) (*verify.Summary, error) {
	t.onlyHistory = true
	defer a.console.ShowBar("verifying")()
	return repo.VerifyDamaged(ctx, p.dest, state, a.logAction, options)
}

// verifyReport prints findings while verify finds them.
type verifyReport struct {
	app   *app
	err   error               // the first failure to print a line
	kinds map[string]int      // findings of each kind
	told  map[verify.Part]int // findings that were told
	more  map[verify.Part]int // and those that were not

	onlyHistory bool // files/ and copies/ are not compared, as of a clone
}

func (a *app) newVerifyReport() *verifyReport {
	return &verifyReport{app: a, kinds: map[string]int{}, told: map[verify.Part]int{}, more: map[verify.Part]int{}}
}

// mostOfAPart is how many findings of one part are told, whatever their kinds. Who can commit to
// the branch chooses what the messages say.
const mostOfAPart = 5 * mostOfAKind

// isTold counts a finding. It tells whether the finding is one of the first of its kind and part.
func (t *verifyReport) isTold(f verify.Finding) bool {
	what, _, _ := strings.Cut(f.Msg, ": ")
	kind := string(f.Part) + " " + withoutNumberedWords(what)
	if t.kinds[kind] == mostOfAKind || t.told[f.Part] == mostOfAPart {
		t.more[f.Part]++
		return false
	}
	t.kinds[kind]++
	t.told[f.Part]++
	return true
}

func (t *verifyReport) printFinding(f verify.Finding) {
	told := t.isTold(f)
	if told {
		t.app.journal.Warn(render.FindingText(f), "hint", t.app.speller().Words(f.Remedy))
	}
	switch {
	case t.err != nil:
	case t.app.flags.json:
		t.app.console.ClearBar()
		t.err = t.app.printJSONLine(render.FindingJSON(f, t.app.speller().Words))
	case told || t.app.console.Verbose:
		t.app.console.ClearBar()
		t.err = t.app.say(render.FindingLine(f, t.app.speller().Words), 2)
	}
}

// printMore says how many findings of each part were not told.
func (t *verifyReport) printMore() error {
	var errs []error
	for _, part := range slices.Sorted(maps.Keys(t.more)) {
		text := render.MoreFindings(part, t.more[part])
		t.app.journal.Warn(text)
		if !t.app.flags.json && !t.app.console.Verbose {
			errs = append(errs, t.app.say(text+" (-v shows them)", 2))
		}
	}
	return errors.Join(errs...)
}

// checkCache checks the cache, which package repo does not know. An active run may be writing it.
func (t *verifyReport) checkCache(ctx context.Context, r *repo.Repo, mend bool, sum *verify.Summary) error {
	err := cache.Check(r.State())
	if err == nil {
		return nil
	}
	_, stopped := r.WhenIdle(ctx, func() (bool, error) {
		err = cache.Check(r.State())
		return err == nil, nil
	})
	if err == nil || stopped != nil {
		return stopped
	}
	f := verify.Finding{Part: "cache", Path: ".git/timemachine/cache", Msg: durable.Reason(err), Remedy: refusal.Remedy{Kind: refusal.NextRunMakesCache}}
	if mend && cache.Drop(r.State()) == nil {
		f.Repaired = true
		sum.Repaired++
	}
	sum.Findings++
	t.printFinding(f)
	return nil
}

// printSummary prints what was verified, unless the console is quiet.
func (t *verifyReport) printSummary(s *verify.Summary, quick bool) error {
	switch {
	case t.app.flags.json:
		return t.app.printJSONLine(render.VerifyJSON(s))
	case t.app.flags.quiet:
		return nil
	}
	return t.app.say(render.VerifyLine(s, quick, t.onlyHistory), 2)
}
