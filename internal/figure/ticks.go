package figure

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// Ticks marks an axis at multiples of 1, 2 or 5 times a power of ten, where gonum's
// own choice may be 50, 250 and 450.
type Ticks struct{}

// Ticks returns from four to ten marks between low and high, all labelled.
func (Ticks) Ticks(low, high float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, factor := range []float64{5, 2} {
		if factor*step*4 <= high-low {
			step *= factor
			break
		}
	}
	decimals := max(0, int(-math.Floor(math.Log10(step))))
	var ticks []plot.Tick
	for i := math.Ceil(low/step - 1e-9); i*step <= high+1e-9*step; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: strconv.FormatFloat(i*step+0, 'f', decimals, 64)})
	}
	return ticks
}
