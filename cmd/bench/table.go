package main

import (
	"fmt"
	"io"
	"math"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one line of the table, ready to print.
type row struct{ work, ours, peer, theirs, ratio, goal, verdict string }

// pair is what timemachine and the peer measured in one round: seconds or bytes.
type pair struct{ ours, theirs float64 }

func (p pair) ratio() float64 { return p.ours / p.theirs }

func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	if len(v) == 0 {
		return math.NaN()
	}
	return (v[len(v)/2] + v[(len(v)-1)/2]) / 2
}

func medianOf(pairs []pair, of func(pair) float64) float64 {
	var v []float64
	for _, p := range pairs {
		v = append(v, of(p))
	}
	return median(v)
}

// compare adds a row: the median ratio of the rounds against a goal; 0 stands for no goal.
func (b *bench) compare(work, peer string, pairs []pair, show func(float64) string, goal float64) {
	r := row{work: work, peer: peer, goal: "-", verdict: "-",
		ours:   show(medianOf(pairs, func(p pair) float64 { return p.ours })),
		theirs: show(medianOf(pairs, func(p pair) float64 { return p.theirs }))}
	ratio := medianOf(pairs, pair.ratio)
	r.ratio = fmt.Sprintf("%.2f", ratio)
	if goal > 0 {
		r.goal, r.verdict = fmt.Sprintf("%.2f", goal), verdict(ratio <= goal)
	}
	b.add(r)
}

// limit adds a row for a figure with a limit of its own. It is judged at full size only, unless
// always is set.
func (b *bench) limit(work string, value, limit float64, show func(float64) string, always bool) {
	r := row{work: work, ours: show(value), goal: show(limit), verdict: verdict(value <= limit)}
	if b.size != 1 && !always {
		r.verdict = "at full size"
	}
	b.add(r)
}

// tell adds a row for a figure without a goal.
func (b *bench) tell(work string, value float64, show func(float64) string) {
	b.add(row{work: work, ours: show(value), goal: "-", verdict: "-"})
}

func (b *bench) add(r row) { b.rows = append(b.rows, r) }

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "NOT MET"
}

func seconds(v float64) string {
	if v < 1 {
		return fmt.Sprintf("%.1f ms", v*1e3)
	}
	return fmt.Sprintf("%.2f s", v)
}

func megabytes(v float64) string { return fmt.Sprintf("%.1f MB", v/1e6) }

func kilobytes(v float64) string { return fmt.Sprintf("%.0f KB", v/1e3) }

func mebibytes(v float64) string { return fmt.Sprintf("%.0f MiB", v/(1<<20)) }

func count(v float64) string { return fmt.Sprintf("%.0f", v) }

var heading = row{"work", "ours", "peer", "theirs", "ratio", "goal, at most", ""}

func (r row) cells() []string {
	return []string{r.work, r.ours, r.peer, r.theirs, r.ratio, r.goal, r.verdict}
}

// print writes the table, and below it the lines about the machine.
func (b *bench) print(w io.Writer, about []string, markdown bool) {
	if markdown {
		fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(heading.cells(), " | "), strings.Repeat("---|", len(heading.cells())))
		for _, r := range b.rows {
			fmt.Fprintf(w, "| %s |\n", strings.Join(r.cells(), " | "))
		}
		fmt.Fprintln(w)
	} else {
		t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
		for _, r := range append([]row{heading}, b.rows...) {
			fmt.Fprintln(t, strings.Join(r.cells(), "\t"))
		}
		t.Flush()
	}
	for _, line := range about {
		fmt.Fprintln(w, line)
	}
}

// conditions are the lines that say on which machine and with which programs the figures were
// measured.
func conditions(b *bench, kind string) []string {
	first := func(name string, args ...string) string {
		out, err := exec.Command(name, args...).Output()
		if err != nil {
			return name
		}
		line, _, _ := strings.Cut(string(out), "\n")
		return line
	}
	about := []string{
		fmt.Sprintf("%d cores %s, %s, %s; size %g.", runtime.NumCPU(), processor(), kind, time.Now().Format(time.DateOnly), b.size),
		first(b.binary, "version") + "; " + first("git", "--version") + "; " + runtime.Version() + ".",
		fmt.Sprintf("%d repositories of ours passed git fsck --full --strict, verify-pack, commit-graph verify and a clone.", b.checkedRepos),
	}
	return about
}
