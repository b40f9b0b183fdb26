package main

import (
	"fmt"
	"image/color"
	"os"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

var weekHeading = []string{"day", "idle run", "of it processor", "recording run", "of it processor", "slowest of a day", "versions", "packs",
	".git", "beside packs", "files there", "state", "destination", "inodes", "copies", "memory"}

func (w *week) cells() []string {
	return []string{fmt.Sprint(w.Day), seconds(w.Idle.Elapsed), seconds(w.Idle.Used), seconds(w.Recording.Elapsed), seconds(w.Recording.Used),
		seconds(w.Slowest), fmt.Sprint(w.Versions), fmt.Sprint(w.Packs), megabytes(float64(w.Git)), megabytes(float64(w.Besides)), fmt.Sprint(w.GitFiles),
		kilobytes(float64(w.State)), megabytes(float64(w.Disk)), fmt.Sprint(w.Inodes), fmt.Sprint(w.Copies), mebibytes(float64(w.Memory))}
}

// printWeeks writes the table of the weeks.
func printWeeks(weeks []week, markdown bool) {
	if markdown {
		fmt.Printf("| %s |\n|%s\n", strings.Join(weekHeading, " | "), strings.Repeat("---|", len(weekHeading)))
		for _, w := range weeks {
			fmt.Printf("| %s |\n", strings.Join(w.cells(), " | "))
		}
		fmt.Println()
		return
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(weekHeading, "\t"))
	for _, w := range weeks {
		fmt.Fprintln(t, strings.Join(w.cells(), "\t"))
	}
	t.Flush()
	fmt.Println()
}

// weekLine is one line in a panel.
type weekLine struct {
	name  string
	color color.Color
	of    func(*week) float64
}

// plotWeeks draws a simulated year in a file: the time of a run, its memory, the bytes of the
// destination, and counts.
func plotWeeks(file string, weeks []week, about string) error {
	last := weeks[len(weeks)-1]
	panels := []struct {
		label string
		lines []weekLine
	}{
		{"milliseconds a run", []weekLine{
			{"a run that records", gitColor, func(w *week) float64 { return w.Recording.Elapsed * 1e3 }},
			{"an idle run", ourColor, func(w *week) float64 { return w.Idle.Elapsed * 1e3 }}}},
		{"MiB, peak of a day", []weekLine{{"memory", ourColor, func(w *week) float64 { return float64(w.Memory) / (1 << 20) }}}},
		{"MB", []weekLine{
			{"destination, on disk", gitColor, func(w *week) float64 { return float64(w.Disk) / 1e6 }},
			{"of it .git", ourColor, func(w *week) float64 { return float64(w.Git) / 1e6 }}}},
		{"at the end of a day", []weekLine{
			{"files in .git beside packs", gitColor, func(w *week) float64 { return float64(w.GitFiles) }},
			{"packs, at most", ourColor, func(w *week) float64 { return float64(w.Packs) }}}},
	}
	var rows [][]*plot.Plot
	for _, p := range panels {
		drawn, err := weekPanel(p.label, weeks, p.lines)
		if err != nil {
			return err
		}
		rows = append(rows, []*plot.Plot{drawn})
	}
	rows[0][0].Title.Text = fmt.Sprintf("%d runs, one a minute, %d versions; %s", last.Runs, last.Versions, about)
	rows[len(rows)-1][0].X.Label.Text = "days"
	return drawRows(file, 24*vg.Centimeter, rows)
}

func weekPanel(label string, weeks []week, lines []weekLine) (*plot.Plot, error) {
	p := plot.New()
	p.Y.Label.Text = label
	p.Legend.Left, p.Legend.Top = true, true
	p.Add(plotter.NewGrid())
	highest := 0.0
	for _, line := range lines {
		points := make(plotter.XYs, len(weeks))
		for i := range weeks {
			points[i].X, points[i].Y = float64(weeks[i].Day), line.of(&weeks[i])
			highest = max(highest, points[i].Y)
		}
		l, err := plotter.NewLine(points)
		if err != nil {
			return nil, err
		}
		l.Color, l.Width = line.color, vg.Points(1.2)
		p.Add(l)
		p.Legend.Add(line.name, l)
	}
	p.Y.Min, p.Y.Max = 0, highest*1.25 // the legend is above the lines
	return p, nil
}
