package main

import (
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"sort"

	"github.com/kldivloss/kldivloss/internal/figure"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	inkTeal   = color.RGBA{R: 0x00, G: 0x7c, B: 0x89, A: 0xff}
	inkOrange = color.RGBA{R: 0xd9, G: 0x6b, B: 0x1f, A: 0xff}
)

// writePlots draws how the training went and what each latent holds at its end.
func writePlots(dir string, history []record, s settings) error {
	plots := map[string]func() (*plot.Plot, error){
		"neg_elbo.png": func() (*plot.Plot, error) {
			return curves("−ELBO", history, ELBO.Negative)
		},
		"reconstruction.png": func() (*plot.Plot, error) {
			return curves("Reconstruction, −ln p(x|z)", history, func(e ELBO) float64 { return e.Reconstruction })
		},
		"kl.png": func() (*plot.Plot, error) {
			return curves("KL(q(z|x) ‖ p(z))", history, func(e ELBO) float64 { return e.KL })
		},
		"latents.png": func() (*plot.Plot, error) {
			return bars(history[len(history)-1].Tested.LatentKL, s)
		},
	}
	for name, make := range plots {
		p, err := make()
		if err != nil {
			return err
		}
		p.Legend.Top = true
		if err := figure.Save(filepath.Join(dir, name), p); err != nil {
			return err
		}
	}
	return nil
}

// curves shows a part of the −ELBO after each epoch.
func curves(title string, history []record, part func(ELBO) float64) (*plot.Plot, error) {
	p := figure.New(title, "Epochs", "nats an image")
	var trained, tested plotter.XYs
	for i, r := range history {
		trained = append(trained, plotter.XY{X: float64(i + 1), Y: part(r.Trained)})
		tested = append(tested, plotter.XY{X: float64(i + 1), Y: part(r.Tested.ELBO)})
	}
	for _, c := range []struct {
		name   string
		points plotter.XYs
		ink    color.Color
		dashes []vg.Length
	}{{"test", tested, inkTeal, nil}, {"training, mean of the epoch", trained, inkOrange, figure.Dashes}} {
		line, dots, err := plotter.NewLinePoints(c.points)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width, line.Dashes = c.ink, vg.Points(1.8), c.dashes
		dots.GlyphStyle = draw.GlyphStyle{Color: c.ink, Radius: vg.Points(2), Shape: draw.CircleGlyph{}}
		p.Add(line, dots)
		p.Legend.Add(c.name, line)
	}
	p.X.Min, p.X.Max = 0, float64(len(history))
	return p, nil
}

// bars shows the KL of each latent, the largest first.
func bars(latentKL []float64, s settings) (*plot.Plot, error) {
	p := figure.New("KL of each latent, test images", "Latent, by its KL", "nats an image")
	sorted := append(plotter.Values(nil), latentKL...)
	sort.Sort(sort.Reverse(sort.Float64Slice(sorted)))
	chart, err := plotter.NewBarChart(sorted, vg.Points(320/float64(len(sorted))))
	if err != nil {
		return nil, err
	}
	chart.Color, chart.LineStyle.Width, chart.XMin = inkTeal, 0, 1
	p.Add(chart)
	p.X.Min, p.X.Max, p.Y.Min = 0.3, float64(len(sorted))+0.7, 0
	p.Y.Max = 1.1 * sorted[0]
	if s.Latent == categoricalName {
		most := math.Log(float64(s.Classes))
		limit, err := plotter.NewLine(plotter.XYs{{X: p.X.Min, Y: most}, {X: p.X.Max, Y: most}})
		if err != nil {
			return nil, err
		}
		limit.Color, limit.Width, limit.Dashes = inkOrange, vg.Points(1.5), figure.Dashes
		p.Add(limit)
		p.Legend.Add(fmt.Sprintf("ln %d, all that a latent can hold", s.Classes), limit)
		p.Y.Max = 1.2 * most
	}
	return p, nil
}
