// Package figure gives the examples' plots one look.
package figure

import (
	"image/color"
	"io"

	"github.com/kldivloss/kldivloss/internal/atomicfile"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// DPI of every figure.
const DPI = 144

// New is an empty plot with a title, axes and horizontal lines to read values by.
func New(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	style(p)
	p.X.Tick.Marker, p.Y.Tick.Marker = Ticks{}, Ticks{}
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = color.Gray{Y: 0xdd}
	p.Add(grid)
	return p
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

// WritePNG writes a canvas to path, whole or not at all.
func WritePNG(path string, canvas *vgimg.Canvas) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
		return err
	})
}
