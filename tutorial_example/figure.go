package main

import (
	"image/color"

	"github.com/kldivloss/kldivloss/internal/figure"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

const (
	figureWidth  = 9 * vg.Inch
	figureHeight = 4.5 * vg.Inch
	barWidth     = 0.56 * vg.Inch
)

// Translucent, so that each bar shows through the one it overlaps.
var (
	dark  = color.NRGBA{R: 0x33, G: 0x3b, B: 0x4a, A: 0xa0}
	light = color.NRGBA{R: 0x10, G: 0xb5, B: 0xc9, A: 0x90}
)

// bars is a distribution as the figure shows it.
type bars struct {
	name  string
	probs []float64
	color color.Color
}

// drawFigure writes the tutorial's figure to path as PNG: distributions 1 and 2,
// and 1 and 3, overlaid.
func drawFigure(path string) error {
	first := bars{"Distribution 1", dist1, dark}
	left, err := panel("Distributions 1 and 2", first, bars{"Distribution 2", dist2, light})
	if err != nil {
		return err
	}
	right, err := panel("Distributions 1 and 3", first, bars{"Distribution 3", dist3, light})
	if err != nil {
		return err
	}
	canvas := vgimg.NewWith(vgimg.UseWH(figureWidth, figureHeight), vgimg.UseDPI(figure.DPI))
	tile([]*plot.Plot{left, right}, draw.New(canvas))
	return figure.WritePNG(path, canvas)
}

func panel(title string, distributions ...bars) (*plot.Plot, error) {
	p := figure.New(title, "Class", "Probability")
	placeLegend(&p.Legend)
	for _, d := range distributions {
		chart, err := plotter.NewBarChart(plotter.Values(d.probs), barWidth)
		if err != nil {
			return nil, err
		}
		chart.Color = d.color
		chart.LineStyle.Width = 0
		p.Add(chart)
		p.Legend.Add(d.name, chart)
	}
	p.NominalX("1", "2", "3", "4")
	p.X.Min, p.X.Max = -0.6, 3.6
	p.Y.Min, p.Y.Max = 0, 1
	p.Y.Tick.Marker = plot.ConstantTicks{
		{Value: 0, Label: "0"}, {Value: 0.2, Label: "0.2"}, {Value: 0.4, Label: "0.4"},
		{Value: 0.6, Label: "0.6"}, {Value: 0.8, Label: "0.8"}, {Value: 1, Label: "1"},
	}
	return p, nil
}

// placeLegend puts it in the top right corner, clear of the lines of the grid.
func placeLegend(l *plot.Legend) {
	l.Top = true
	l.XOffs, l.YOffs = vg.Points(-6), vg.Points(-5)
	l.Padding = vg.Points(3)
}

// tile draws the panels side by side.
func tile(panels []*plot.Plot, c draw.Canvas) {
	tiles := draw.Tiles{
		Rows: 1, Cols: len(panels),
		PadTop: vg.Points(14), PadBottom: vg.Points(12), PadLeft: vg.Points(12), PadRight: vg.Points(16),
		PadX: vg.Points(28),
	}
	for i, part := range plot.Align([][]*plot.Plot{panels}, tiles, c)[0] {
		panels[i].Draw(part)
	}
}
