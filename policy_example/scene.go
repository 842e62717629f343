package main

import (
	"image"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// point is a place in an environment's own coordinates, y upwards.
type point struct{ x, y float64 }

// scene is one frame of a replay.
type scene struct {
	canvas *vgimg.Canvas
	middle point
	scale  float64 // pixels a unit
}

const sceneWidth, sceneHeight = 480, 320 // pixels

var (
	inkDark   = color.NRGBA{R: 0x33, G: 0x3b, B: 0x4a, A: 0xff}
	inkTeal   = color.NRGBA{R: 0x0b, G: 0x93, B: 0xa6, A: 0xff}
	inkOrange = color.NRGBA{R: 0xd9, G: 0x6b, B: 0x1d, A: 0xff}
	inkGrey   = color.NRGBA{R: 0xa8, G: 0xad, B: 0xb5, A: 0xff}
)

func newScene() *scene {
	return &scene{canvas: vgimg.NewWith(
		vgimg.UseWH(sceneWidth, sceneHeight), vgimg.UseDPI(72), vgimg.UseBackgroundColor(color.White))}
}

func (s *scene) image() image.Image { return s.canvas.Image() }

// look puts a point in the middle and makes the frame so many units wide.
func (s *scene) look(middle point, width float64) {
	s.middle, s.scale = middle, sceneWidth/width
}

func (s *scene) place(p point) vg.Point {
	return vg.Point{
		X: vg.Length(sceneWidth/2 + (p.x-s.middle.x)*s.scale),
		Y: vg.Length(sceneHeight/2 + (p.y-s.middle.y)*s.scale),
	}
}

func (s *scene) path(points []point) vg.Path {
	var path vg.Path
	path.Move(s.place(points[0]))
	for _, p := range points[1:] {
		path.Line(s.place(p))
	}
	return path
}

// line joins the points, width pixels thick.
func (s *scene) line(ink color.Color, width float64, points ...point) {
	s.canvas.SetColor(ink)
	s.canvas.SetLineWidth(vg.Length(width))
	s.canvas.Stroke(s.path(points))
}

func (s *scene) polygon(ink color.Color, points ...point) {
	path := s.path(points)
	path.Close()
	s.canvas.SetColor(ink)
	s.canvas.Fill(path)
}

// box is a rectangle from its lower left to its upper right corner.
func (s *scene) box(ink color.Color, low, high point) {
	s.polygon(ink, low, point{high.x, low.y}, high, point{low.x, high.y})
}

// disc has a radius in pixels.
func (s *scene) disc(ink color.Color, centre point, radius float64) {
	c := draw.New(s.canvas)
	c.DrawGlyph(draw.GlyphStyle{
		Color: ink, Radius: vg.Length(radius), Shape: draw.CircleGlyph{},
	}, s.place(centre))
}

// caption writes a line of text in the upper left corner.
func (s *scene) caption(words string) {
	style := text.Style{
		Color: inkDark, Font: font.From(plot.DefaultFont, 14), Handler: plot.DefaultTextHandler,
	}
	style.Font.Variant = "Sans"
	c := draw.New(s.canvas)
	c.FillText(style, vg.Point{X: 12, Y: sceneHeight - 22}, words)
}
