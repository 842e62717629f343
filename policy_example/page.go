package main

import (
	_ "embed"
	"fmt"

	"github.com/kldivloss/kldivloss/internal/webpage"
)

//go:embed page.html
var pageSource string

var pageTemplate = webpage.New(pageSource)

// page is what index.html shows.
type page struct {
	Task              string
	Command           string // that makes this page again
	Episodes          int    // of an evaluation
	Solved            float64
	Runs              []pageRun
	Mean              string // over the seeds, "" for one
	Seed              uint64 // of the replay
	Updates, Rejected int
	Settings          []webpage.Setting
}

func (p page) RejectedShare() string { return percent(p.Rejected, p.Updates) }

type pageRun struct {
	Seed                       uint64
	Return, Training, SolvedAt string
}

// writePage writes index.html, which shows the pictures beside it.
func writePage(path string, t task, results []trained) error {
	first := results[0].plan
	p := page{
		Task: t.name, Command: command(t, first, len(results)), Episodes: evaluationEpisodes,
		Solved: t.solved, Seed: first.Seed, Settings: webpage.Settings(first.Settings),
	}
	var means []float64
	for _, r := range results {
		mean, std := meanStd(r.returns)
		means = append(means, mean)
		p.Runs = append(p.Runs, pageRun{
			Seed:     r.plan.Seed,
			Return:   fmt.Sprintf("%.1f ± %.1f", mean, std),
			Training: fmt.Sprintf("%.1f", r.history[len(r.history)-1].Return),
			SolvedAt: solvedAt(t, r.history),
		})
		p.Updates += len(r.history)
		p.Rejected += rejections(r.history)
	}
	if len(results) > 1 {
		mean, std := meanStd(means)
		p.Mean = fmt.Sprintf("%.2f ± %.2f", mean, std)
	}
	return webpage.Write(path, pageTemplate, p)
}

func command(t task, p plan, seeds int) string {
	c := fmt.Sprintf("go run ./policy_example -env %s -seed %d -seeds %d -steps %d", t.name, p.Seed, seeds, p.Steps)
	if p.Settings.Radius != t.settings.Radius {
		c += fmt.Sprintf(" -delta %v", p.Settings.Radius)
	}
	return c + " -out DIR"
}

func solvedAt(t task, history []record) string {
	for _, u := range history {
		if u.Return >= t.solved {
			return fmt.Sprintf("after %d steps", u.Step)
		}
	}
	return "never"
}

func rejections(history []record) int {
	n := 0
	for _, u := range history {
		if !u.Policy.Accepted {
			n++
		}
	}
	return n
}

func percent(part, whole int) string { return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(whole)) }
