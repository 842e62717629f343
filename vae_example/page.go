package main

import (
	_ "embed"
	"fmt"
	"path/filepath"

	"github.com/kldivloss/kldivloss/internal/webpage"
)

//go:embed page.html
var pageSource string

var pageTemplate = webpage.New(pageSource)

// page is what index.html shows.
type page struct {
	Command     string // that makes this page again
	Names       string // of the data
	Train, Test int
	Categorical bool
	Baseline    string
	Last        record
	Samples     int // of the bound, 0 for none
	Bound       string
	Shown       int // latents of the traversal
	Settings    []webpage.Setting
}

// Nats prints a figure in nats.
func (page) Nats(v float64) string { return fmt.Sprintf("%.2f", v) }

// NegELBO is a record's test figure.
func (p page) NegELBO() string { return p.Nats(p.Last.Tested.Negative()) }

// writeReport writes index.html and the pictures that it shows.
func writeReport(r *run) error {
	v := r.evaluator.model
	last := r.history[len(r.history)-1]
	if err := writePlots(r.out, r.history, v.settings); err != nil {
		return err
	}
	if err := writePictures(r.out, r.evaluator, r.set, last.Tested.LatentKL); err != nil {
		return err
	}
	p := page{
		Command: commandLine(r.options), Names: r.set.names, Train: r.set.train.count(), Test: r.set.test.count(),
		Categorical: v.Latent == categoricalName, Baseline: fmt.Sprintf("%.2f", baseline(r.set.train, r.set.test)),
		Last: last, Shown: shownLatents(v.settings), Settings: webpage.Settings(v.settings),
	}
	if r.tightened != nil {
		p.Samples, p.Bound = r.options.bound, p.Nats(*r.tightened)
	}
	return webpage.Write(filepath.Join(r.out, "index.html"), pageTemplate, p)
}

// commandLine is the command that asked for a run.
func commandLine(o options) string {
	c := fmt.Sprintf("go run ./vae_example -latent %s -epochs %d -seed %d", o.settings.Latent, o.epochs, o.seed)
	if o.data != "" {
		c += " -data " + o.data
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"limit", o.limit}, {"holdout", o.holdout}, {"bound", o.bound}} {
		if f.value > 0 {
			c += fmt.Sprintf(" -%s %d", f.name, f.value)
		}
	}
	return c + " -out DIR"
}
