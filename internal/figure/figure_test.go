package figure

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0, 1, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{20, 500, "100 200 300 400 500"},
		{0, 100_000, "0 20000 40000 60000 80000 100000"},
		{-500, -70, "-500 -400 -300 -200 -100"},
		{0, 0.0115, "0.000 0.002 0.004 0.006 0.008 0.010"},
		{-1, 1, "-1.0 -0.5 0.0 0.5 1.0"},
		{0.3, 0.7, "0.3 0.4 0.5 0.6 0.7"},
	} {
		var labels []string
		for _, tick := range (Ticks{}).Ticks(c.low, c.high) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("from %v to %v: %s, want %s", c.low, c.high, got, c.want)
		}
	}
}

func TestPictures(t *testing.T) {
	p := New("Title", "x", "y")
	p.X.Max, p.Y.Max = 1, 1
	canvas := vgimg.NewWith(vgimg.UseWH(2*vg.Inch, vg.Inch), vgimg.UseDPI(DPI))
	p.Draw(draw.New(canvas))
	for name, c := range map[string]struct {
		write func(path string) error
		size  image.Point
	}{
		"WritePNG": {func(path string) error { return WritePNG(path, canvas) }, image.Pt(2*DPI, DPI)},
		"Save":     {func(path string) error { return Save(path, p) }, image.Pt(1008, 518)},
	} {
		path := filepath.Join(t.TempDir(), "figure.png")
		if err := c.write(path); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		picture, err := png.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		if size := picture.Bounds().Size(); size != c.size {
			t.Errorf("%s: measures %v, want %v", name, size, c.size)
		}
		if err := c.write(filepath.Join(path, "not in a file")); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
