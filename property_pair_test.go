package kldivloss

import (
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"
)

// pair is some rows of two distributions, each in a form: pred, then target.
type pair struct {
	dtype         tensor.Dtype
	rows, classes int
	forms         [2]Form
	data          [2][]float64 // as the dtype has it
}

// grain is what logits are multiples of, so that an integer added to them is exact in
// float32 too.
const grain = 1.0 / 1024

func drawPair(t *rapid.T) pair {
	c := pair{
		dtype:   rapid.SampledFrom(dtypes).Draw(t, "dtype"),
		rows:    rapid.IntRange(1, 4).Draw(t, "rows"),
		classes: rapid.IntRange(1, 12).Draw(t, "classes"),
	}
	n := c.rows * c.classes
	ticks := rapid.SliceOfN(rapid.IntRange(-16<<10, 16<<10), n, n).Draw(t, "logits")
	widest := rapid.SampledFrom([]int{8, 1 << 10, 16 << 10}).Draw(t, "gap")
	gaps := rapid.SliceOfN(rapid.IntRange(-widest, widest), n, n).Draw(t, "gaps")
	for side := range c.data {
		c.forms[side] = rapid.SampledFrom(forms).Draw(t, "form")
		logits := make([]float64, n)
		for i := range logits {
			logits[i] = float64(ticks[i]+side*gaps[i]) * grain
		}
		c.data[side] = c.encode(t, c.forms[side], logits)
	}
	return c
}

// encode writes rows of logits in a form and the dtype.
func (c pair) encode(t *rapid.T, form Form, logits []float64) []float64 {
	if form == Logits {
		return logits
	}
	var out []float64
	for _, row := range c.rowsOf(logits) {
		out = append(out, normalised(form, row)...)
	}
	return numbers(t, dense(c.dtype, out, len(out)))
}

// rowsOf splits a tensor of pred's shape.
func (c pair) rowsOf(x []float64) (rows [][]float64) {
	for ; len(x) > 0; x = x[c.classes:] {
		rows = append(rows, x[:c.classes])
	}
	return rows
}

func (c pair) epsilon() float64 {
	if c.dtype == tensor.Float32 {
		return 0x1p-23
	}
	return 0x1p-52
}

// swapped exchanges pred and target.
func (c pair) swapped() pair {
	c.forms[0], c.forms[1] = c.forms[1], c.forms[0]
	c.data[0], c.data[1] = c.data[1], c.data[0]
	return c
}

// with has other data, of which there may be more or fewer rows.
func (c pair) with(change func(side int, x []float64) []float64) pair {
	for side, x := range c.data {
		c.data[side] = change(side, x)
	}
	c.rows = len(c.data[0]) / c.classes
	return c
}

// nodes are pred and target in a graph of their own.
func (c pair) nodes() G.Nodes {
	g := G.NewGraph()
	return G.Nodes{
		input(g, "pred", c.dtype, c.data[0], c.rows, c.classes),
		input(g, "target", c.dtype, c.data[1], c.rows, c.classes),
	}
}

func (c pair) options(reduction Reduction) []Option {
	return []Option{WithPredForm(c.forms[0]), WithTargetForm(c.forms[1]), WithReduction(reduction)}
}

// loss runs a reduction of KLDivLoss.
func (c pair) loss(t *rapid.T, reduction Reduction) []float64 {
	in := c.nodes()
	return runTape(t, must(t)(KLDivLoss(in[0], in[1], c.options(reduction)...)))[0]
}

// gradients are those of the sum of the divergences.
func (c pair) gradients(t *rapid.T) [][]float64 {
	in := c.nodes()
	cost := must(t)(KLDivLoss(in[0], in[1], c.options(ReductionSum)...))
	return runTape(t, mustAll(t)(Grad(cost, in...))...)
}

// row is one row of a pair, decoded in float64.
type row struct {
	pair
	x, prob, log [2][]float64
}

func (c pair) row(i int) row {
	r := row{pair: c}
	for side, form := range c.forms {
		x := c.rowsOf(c.data[side])[i]
		r.x[side] = x
		switch form {
		case Probs:
			r.prob[side], r.log[side] = x, logs(x)
		case LogProbs:
			r.prob[side], r.log[side] = make([]float64, len(x)), x
			for k := range x {
				r.prob[side][k] = math.Exp(x[k])
			}
		case Logits:
			r.prob[side], r.log[side] = normalised(Probs, x), normalised(LogProbs, x)
		}
	}
	return r
}

// total is 1 but for the rounding of a form that is not normalised inside.
func (r row) total(side int) float64 { return sum(r.prob[side]) }

// distance is the L1 norm of the difference of the two, normalised.
func (r row) distance() (d float64) {
	for i := range r.prob[0] {
		d += math.Abs(r.prob[0][i]/r.total(0) - r.prob[1][i]/r.total(1))
	}
	return d
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}
