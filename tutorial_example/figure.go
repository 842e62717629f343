package main

import (
	"errors"
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

const (
	figureWidth  = 9 * vg.Inch
	figureHeight = 4.5 * vg.Inch
	figureDPI    = 144
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
	canvas := vgimg.NewWith(vgimg.UseWH(figureWidth, figureHeight), vgimg.UseDPI(figureDPI))
	tile([]*plot.Plot{left, right}, draw.New(canvas))
	return writePNG(path, vgimg.PngCanvas{Canvas: canvas})
}

func panel(title string, distributions ...bars) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = title
	p.X.Label.Text = "Class"
	p.Y.Label.Text = "Probability"
	placeLegend(&p.Legend)
	style(p)

	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = color.Gray{Y: 0xdd}
	p.Add(grid)
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

// style sets the text in a sans serif.
func style(p *plot.Plot) {
	sizes := map[*font.Font]vg.Length{
		&p.Title.TextStyle.Font:   15,
		&p.X.Label.TextStyle.Font: 12,
		&p.Y.Label.TextStyle.Font: 12,
		&p.X.Tick.Label.Font:      11,
		&p.Y.Tick.Label.Font:      11,
		&p.Legend.TextStyle.Font:  11,
	}
	for f, size := range sizes {
		f.Variant, f.Size = "Sans", size
	}
	p.Title.Padding = vg.Points(10)
	p.X.Label.Padding = vg.Points(4)
	p.Y.Label.Padding = vg.Points(6)
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

func writePNG(path string, canvas vgimg.PngCanvas) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = canvas.WriteTo(f)
	return errors.Join(err, f.Close())
}
