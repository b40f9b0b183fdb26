package main

import (
	"errors"
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

var (
	ourColor = color.RGBA{R: 0x1b, G: 0x6c, B: 0xa8, A: 0xff}
	gitColor = color.RGBA{R: 0xd9, G: 0x5f, B: 0x02, A: 0xff}
)

// plotYears draws a long history in a file: the time of a run, and below it the bytes in .git.
func plotYears(file string, samples []sample, about string) error {
	took, err := panel("milliseconds a run", samples, func(s sample) (ours, git float64) { return s.ourSeconds * 1e3, s.gitSeconds * 1e3 })
	if err != nil {
		return err
	}
	took.Title.Text = "Runs over 1,500 files and a growing log, " + about
	stored, err := panel("MB in .git", samples, func(s sample) (ours, git float64) { return s.ourBytes / 1e6, s.gitBytes / 1e6 })
	if err != nil {
		return err
	}
	stored.X.Label.Text = "runs"
	return drawRows(file, 14*vg.Centimeter, [][]*plot.Plot{{took}, {stored}})
}

// drawRows draws figures below each other in a file.
func drawRows(file string, height vg.Length, rows [][]*plot.Plot) error {
	canvas := vgsvg.New(16*vg.Centimeter, height)
	tiles := draw.Tiles{Rows: len(rows), Cols: 1, PadY: 5 * vg.Millimeter, PadTop: 2 * vg.Millimeter, PadRight: 4 * vg.Millimeter, PadLeft: 2 * vg.Millimeter, PadBottom: 2 * vg.Millimeter}
	for i, row := range plot.Align(rows, tiles, draw.New(canvas)) {
		rows[i][0].Draw(row[0])
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = canvas.WriteTo(f)
	return errors.Join(err, f.Close())
}

// panel draws one figure of the samples, timemachine's and git's.
func panel(label string, samples []sample, values func(sample) (ours, git float64)) (*plot.Plot, error) {
	p := plot.New()
	p.Y.Label.Text, p.Y.Min = label, 0
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	ours, git := make(plotter.XYs, len(samples)), make(plotter.XYs, len(samples))
	for i, s := range samples {
		ours[i].X, git[i].X = float64(s.run), float64(s.run)
		ours[i].Y, git[i].Y = values(s)
	}
	for _, c := range []struct {
		name   string
		points plotter.XYs
		color  color.Color
	}{{"timemachine", ours, ourColor}, {"git add -A + commit, with its gc", git, gitColor}} {
		l, err := plotter.NewLine(c.points)
		if err != nil {
			return nil, err
		}
		l.Color, l.Width = c.color, vg.Points(1.2)
		p.Add(l)
		p.Legend.Add(c.name, l)
	}
	return p, nil
}
