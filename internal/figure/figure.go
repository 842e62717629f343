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
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// DPI of every figure.
const DPI = 144

// What a plot measures that has a picture to itself.
const (
	width  = 7 * vg.Inch
	height = 3.6 * vg.Inch
)

// Dashes are those of a line that is a limit or comes second.
var Dashes = []vg.Length{vg.Points(5), vg.Points(3)}

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

// Save writes a picture of p alone, whole or not at all.
func Save(path string, p *plot.Plot) error {
	placeLegend(&p.Legend)
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(DPI))
	p.Draw(draw.Crop(draw.New(canvas), vg.Points(10), vg.Points(-16), vg.Points(10), vg.Points(-10)))
	return WritePNG(path, canvas)
}

// placeLegend moves it from the corner it is in, clear of the axes and of the grid.
func placeLegend(l *plot.Legend) {
	l.Padding = vg.Points(3)
	l.XOffs, l.YOffs = vg.Points(-8), vg.Points(4)
	if l.Left {
		l.XOffs = vg.Points(8)
	}
	if l.Top {
		l.YOffs = vg.Points(-4)
	}
}

// WritePNG writes a canvas to path, whole or not at all.
func WritePNG(path string, canvas *vgimg.Canvas) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
		return err
	})
}
