package main

import (
	"encoding/csv"
	"io"
	"strconv"

	"github.com/kldivloss/kldivloss/internal/atomicfile"
)

// writeProgress writes a row for every update of every seed. Divergences and the
// entropy are in nats.
func writeProgress(path string, results []trained) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		out := csv.NewWriter(w)
		out.Write([]string{"seed", "update", "step", "return", "episodes", "kl", "radius", "accepted",
			"backtracks", "surrogate_gain", "entropy", "value_loss", "explained_variance"})
		for _, r := range results {
			for i, u := range r.history {
				out.Write([]string{
					strconv.FormatUint(r.plan.Seed, 10), strconv.Itoa(i + 1), strconv.Itoa(u.Step),
					number(u.Return), strconv.Itoa(u.Episodes), number(u.Policy.KL), number(u.Radius),
					strconv.FormatBool(u.Policy.Accepted), strconv.Itoa(u.Policy.Backtracks),
					number(u.Policy.Gain), number(u.Policy.Entropy), number(u.ValueLoss), number(u.ExplainedVariance),
				})
			}
		}
		out.Flush() // its error is that of the first Write that failed
		return out.Error()
	})
}

// number keeps enough digits for plots and none for show.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 8, 64) }
