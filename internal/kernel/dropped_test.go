package kernel

import (
	"fmt"
	"testing"
)

// stacked returns two rows of classes as one problem: n numbers of garbage on
// every side, then c.
func (c trial[F]) stacked(garbage F) (Problem, *Operands[F]) {
	n := len(c.x)
	p := newProblem(c.pair, []int{2, n}, 1, c.elementwise)
	under := func(row []F) View[F] { return dense(append(repeat(garbage, n), row...), 2, n) }
	in := &Operands[F]{Pred: under(c.x), Target: under(c.t), Tangent: under(c.tangent[Pred])}
	in.Upstream = View[F]{[]F{garbage, c.g[0]}, p.OutStrides}
	if c.elementwise {
		in.Upstream = under(c.g)
	}
	return p, in
}

// A sample weight of 0 drops a row whatever it holds, and disturbs no other.
func TestDroppedRow(t *testing.T) { dtypes(t, testDroppedRow[float32], testDroppedRow[float64]) }

func testDroppedRow[F Float](t *testing.T) {
	rng := newRand(5)
	const n = 3
	for _, pair := range formPairs(0, 0.25) {
		for _, elementwise := range []bool{false, true} {
			kept := newTrial[F](rng, pair, spread{sigma: 1}, n, elementwise)
			for _, garbage := range []F{F(nan), F(inf), F(-inf), -1} {
				p, in := kept.stacked(garbage)
				in.Weight = View[F]{[]F{0, 1}, []int{1, 0}}
				for _, f := range functions[F]() {
					want := f.call(kept.problem(), kept.operands(Pred))
					want = append(make([]F, len(want)), want...)
					equalBits(t, fmt.Sprintf("%v %s over a row of %v", pair, f.name, garbage), f.call(p, in), want)
				}
			}
		}
	}
}

// An element is dropped by its sample weight, or by p = 0, whatever else it
// holds. Forms whose classes do not depend on each other show it class by class.
func TestDroppedElement(t *testing.T) {
	dtypes(t, testDroppedElement[float32], testDroppedElement[float64])
}

func testDroppedElement[F Float](t *testing.T) {
	rng := newRand(6)
	for _, pair := range formPairs(0, 0.25) {
		if pair.pred == Logits || pair.target == Logits {
			continue
		}
		zero := map[Form]F{Probs: 0, LogProbs: F(-inf)}[pair.target]
		for _, garbage := range []F{F(nan), F(inf), F(-inf), -1} {
			c := newTrial[F](rng, pair, spread{sigma: 1}, 2, true)
			weighted := trial[F]{pair: pair, elementwise: true}
			for _, row := range []struct{ dst, src *[]F }{
				{&weighted.x, &c.x}, {&weighted.t, &c.t}, {&weighted.g, &c.g},
				{&weighted.tangent[Pred], &c.tangent[Pred]}, {&weighted.tangent[Target], &c.tangent[Target]},
			} {
				*row.dst = []F{garbage, (*row.src)[1]}
			}
			impossible := weighted
			impossible.t = []F{zero, c.t[1]}
			impossible.g = c.g
			for _, f := range functions[F]() {
				want := f.call(c.problem(), c.operands(Pred))
				want[0] = 0
				in := weighted.operands(Pred)
				in.Weight = dense([]F{0, 1}, 2)
				name := fmt.Sprintf("%v %s over %v", pair, f.name, garbage)
				equalBits(t, name+" with weight 0", f.call(c.problem(), in), want)
				if !f.reduces {
					in := weighted.operands(Pred)
					in.Upstream = dense([]F{0, c.g[1]}, 2)
					in.Weight = dense([]F{garbage, 1}, 2)
					equalBits(t, name+" with upstream 0", f.call(c.problem(), in), want)
				}
				equalBits(t, name+" with p = 0", f.call(c.problem(), impossible.operands(Pred)), want)
			}
		}
	}
}

// A row whose target gives no class any mass contributes nothing, whatever is
// predicted.
func TestEmptyTarget(t *testing.T) {
	empty := map[Form]float64{Probs: 0, LogProbs: -inf}
	for _, pair := range formPairs(0, 0.25) {
		zero, ok := empty[pair.target]
		if !ok {
			continue
		}
		for _, elementwise := range []bool{false, true} {
			c := trial[float64]{
				pair: pair, elementwise: elementwise,
				x: []float64{nan, 0, inf}, t: repeat(zero, 3), g: repeat(1.0, 3),
				tangent: [2][]float64{repeat(1.0, 3), repeat(1.0, 3)},
			}
			for _, f := range functions[float64]() {
				got := f.call(c.problem(), c.operands(Pred))
				same(t, fmt.Sprintf("%v %s", pair, f.name), got, make([]float64, len(got)))
			}
		}
	}
}

// Probabilities of −0 are probabilities of 0, for every function.
func TestSignedZero(t *testing.T) {
	rng := newRand(17)
	for _, pair := range formPairs(0, 0.25) {
		for side, form := range map[Side]Form{Pred: pair.pred, Target: pair.target} {
			if form != Probs {
				continue
			}
			for _, along := range sides {
				c := newTrial[float64](rng, pair, spread{sigma: 1}, 3, true)
				row := map[Side][]float64{Pred: c.x, Target: c.t}[side]
				for _, f := range functions[float64]() {
					row[1] = 0
					want := f.call(c.problem(), c.operands(along))
					row[1] = minusZero
					same(t, fmt.Sprintf("%v %s with %v −0", pair, f.name, side), f.call(c.problem(), c.operands(along)), want)
				}
			}
		}
	}
}

// Second derivatives with respect to minute probabilities neither overflow nor
// underflow on the way to a result that is an ordinary number.
func TestMinuteProbabilities(t *testing.T) {
	const minute = 0x1p-700
	row := func(x float64) View[float64] { return dense([]float64{x}, 1) }
	p := newProblem(formPair{pred: Probs, target: Probs}, []int{1}, 0, true)
	for _, c := range []struct {
		side                  Side
		pred, target, tangent float64
		want                  float64
	}{
		{Pred, minute, 1, minute, 1 / minute},
		{Pred, minute, 1, 0, 0},
		{Target, 1, minute, minute, 1},
		{Target, 1, minute, 0, 0},
	} {
		in := &Operands[float64]{Pred: row(c.pred), Target: row(c.target), Upstream: row(1), Tangent: row(c.tangent)}
		same(t, fmt.Sprintf("HVP of %+v", c), HVP(p, c.side, c.side, in), []float64{c.want})
	}
}
