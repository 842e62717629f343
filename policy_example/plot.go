package main

import (
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"slices"

	"github.com/kldivloss/kldivloss/internal/figure"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// writePictures draws how the training went and a replay of the first policy.
func writePictures(dir string, t task, results []trained) error {
	for name, draw := range map[string]func() (*plot.Plot, error){
		"learning_curve.png":     func() (*plot.Plot, error) { return learningCurve(t, results) },
		"kl.png":                 func() (*plot.Plot, error) { return divergences(results) },
		"entropy.png":            func() (*plot.Plot, error) { return entropies(t, results) },
		"explained_variance.png": func() (*plot.Plot, error) { return explainedVariances(results) },
	} {
		p, err := draw()
		if err != nil {
			return err
		}
		last := results[0].history[len(results[0].history)-1]
		p.X.Min, p.X.Max = 0, float64(last.Step)
		if err := figure.Save(filepath.Join(dir, name), p); err != nil {
			return err
		}
	}
	return writeReplay(filepath.Join(dir, "replay.gif"), t, results[0])
}

// learningCurve is the mean return of the last episodes over the steps.
func learningCurve(t task, results []trained) (*plot.Plot, error) {
	p := figure.New(t.name+": return in training", "Steps", "Return, mean of 100 episodes")
	if err := addCurve(p, results, func(r record) float64 { return r.Return }); err != nil {
		return nil, err
	}
	solved := level(results, t.solved, inkOrange)
	p.Add(solved)
	p.Legend.Add(fmt.Sprintf("solved at %g", t.solved), solved)
	p.Y.Max += 0.05 * (p.Y.Max - p.Y.Min)
	return p, nil
}

// divergences are the KL of each update under its radius.
func divergences(results []trained) (*plot.Plot, error) {
	var accepted, rejected plotter.XYs
	for _, r := range results {
		for _, u := range r.history {
			at := plotter.XY{X: float64(u.Step), Y: u.Policy.KL}
			if u.Policy.Accepted {
				accepted = append(accepted, at)
			} else {
				rejected = append(rejected, at)
			}
		}
	}
	all := len(accepted) + len(rejected)
	p := figure.New(
		fmt.Sprintf("KL(old ‖ new) of each update; %d of %d rejected (%s)", len(rejected), all, percent(len(rejected), all)),
		"Steps", "nats")
	radius := make(plotter.XYs, len(results[0].history))
	for i, u := range results[0].history {
		radius[i] = plotter.XY{X: float64(u.Step), Y: u.Radius}
	}
	bound, err := plotter.NewLine(radius)
	if err != nil {
		return nil, err
	}
	bound.Color, bound.Width, bound.Dashes = inkOrange, vg.Points(1.5), figure.Dashes
	p.Add(bound)
	p.Legend.Add("radius δ", bound)
	for _, kind := range []struct {
		name   string
		points plotter.XYs
		style  draw.GlyphStyle
	}{
		{"accepted", accepted, draw.GlyphStyle{Color: inkTeal, Radius: vg.Points(1.8), Shape: draw.CircleGlyph{}}},
		{"rejected", rejected, draw.GlyphStyle{Color: inkDark, Radius: vg.Points(3), Shape: draw.CrossGlyph{}}},
	} {
		if len(kind.points) == 0 {
			continue
		}
		scatter, err := plotter.NewScatter(kind.points)
		if err != nil {
			return nil, err
		}
		scatter.GlyphStyle = kind.style
		p.Add(scatter)
		p.Legend.Add(kind.name, scatter)
	}
	p.Legend.Top = true
	p.Y.Min = 0
	p.Y.Max = 1.15 * results[0].history[0].Radius
	return p, nil
}

func entropies(t task, results []trained) (*plot.Plot, error) {
	p := figure.New("Entropy of the policy", "Steps", "nats")
	if err := addCurve(p, results, func(r record) float64 { return r.Policy.Entropy }); err != nil {
		return nil, err
	}
	uniform := level(results, math.Log(float64(t.actions)), inkOrange)
	p.Add(uniform)
	p.Legend.Add(fmt.Sprintf("uniform, log %d", t.actions), uniform)
	p.Y.Min, p.Y.Max = 0, 1.1*math.Log(float64(t.actions))
	p.Legend.Left = true
	return p, nil
}

// explainedVariances are shown by their median: one that means nothing may be −1000,
// and would be all there is to see in a mean.
func explainedVariances(results []trained) (*plot.Plot, error) {
	p := figure.New("Explained variance (means nothing once returns are equal)", "Steps", "share of the targets' variance")
	var medians plotter.XYs
	for i, u := range results[0].history {
		var values []float64
		for _, r := range results {
			if v := r.history[i].ExplainedVariance; isFinite(v) {
				values = append(values, v)
			}
		}
		if len(values) > 0 {
			slices.Sort(values)
			middle := (values[(len(values)-1)/2] + values[len(values)/2]) / 2
			medians = append(medians, plotter.XY{X: float64(u.Step), Y: middle})
		}
	}
	addLine(p, medians, ofSeeds("median", results))
	p.Y.Min, p.Y.Max = -1, 1.3 // the legend has the room over 1
	p.Legend.Top = true
	return p, nil
}

// addCurve adds the mean over the seeds of what of picks from a record, and over several seeds and ± one
// standard deviation.
func addCurve(p *plot.Plot, results []trained, of func(record) float64) error {
	var mean, low, high plotter.XYs
	for i, u := range results[0].history {
		var values []float64
		for _, r := range results {
			if v := of(r.history[i]); isFinite(v) {
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			continue
		}
		m, s := meanStd(values)
		x := float64(u.Step)
		mean = append(mean, plotter.XY{X: x, Y: m})
		low = append(low, plotter.XY{X: x, Y: m - s})
		high = append(high, plotter.XY{X: x, Y: m + s})
	}
	if len(results) > 1 && len(mean) > 0 {
		outline := append(plotter.XYs(nil), low...)
		for i := len(high) - 1; i >= 0; i-- {
			outline = append(outline, high[i])
		}
		band, err := plotter.NewPolygon(outline)
		if err != nil {
			return err
		}
		band.Color, band.LineStyle.Width = color.NRGBA{inkTeal.R, inkTeal.G, inkTeal.B, 0x40}, 0
		p.Add(band)
		p.Legend.Add("± standard deviation", band)
	}
	addLine(p, mean, ofSeeds("mean", results))
	return nil
}

// addLine adds a curve that may have no points yet.
func addLine(p *plot.Plot, points plotter.XYs, name string) {
	if len(points) == 0 {
		return
	}
	line := &plotter.Line{XYs: points, LineStyle: draw.LineStyle{Color: inkTeal, Width: vg.Points(1.8)}}
	p.Add(line)
	p.Legend.Add(name, line)
}

// ofSeeds names a curve: one seed has no mean or median.
func ofSeeds(statistic string, results []trained) string {
	if len(results) == 1 {
		return fmt.Sprintf("seed %d", results[0].plan.Seed)
	}
	return fmt.Sprintf("%s of %d seeds", statistic, len(results))
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// level is a dashed horizontal line over all steps.
func level(results []trained, y float64, ink color.Color) *plotter.Line {
	last := results[0].history[len(results[0].history)-1]
	return &plotter.Line{
		XYs:       plotter.XYs{{X: 0, Y: y}, {X: float64(last.Step), Y: y}},
		LineStyle: draw.LineStyle{Color: ink, Width: vg.Points(1.5), Dashes: figure.Dashes},
	}
}
