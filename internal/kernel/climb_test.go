package kernel

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// repeated is a row of a few values, each with as many classes: what equal terms are
// rounded by does not average out.
type repeated struct {
	counts []int
	logits [2][]float64 // by side
	offset [2]float64   // of logarithms of probabilities: 0 where they are normalised
	turns  int          // of the first two values before
	width  int          // classes that each of them has in a turn: as many as a vector lanes
}

func newRepeated(rng *rand.Rand) repeated {
	c := repeated{counts: make([]int, 2+rng.IntN(3))}
	for i := range c.counts {
		c.counts[i] = 1
		if rng.IntN(2) == 0 {
			c.counts[i] += rng.IntN(80)
		}
	}
	if rng.IntN(2) == 0 {
		c.turns, c.width = 2+rng.IntN(9), 8<<rng.IntN(2)
	}
	for side := range c.logits {
		c.logits[side] = logits(rng, len(c.counts), math.Exp(4*rng.Float64()-2))
		if rng.IntN(3) == 0 { // far below the first
			far, spread := 5+75*rng.Float64(), rng.Float64()
			for i := range c.logits[side][1:] {
				c.logits[side][i+1] = spread*c.logits[side][i+1] - far
			}
		}
		if rng.IntN(3) == 0 {
			c.offset[side] = rng.NormFloat64()
		}
	}
	return c
}

// moved is the row with up to three numbers changed a little, or a lot.
func (c repeated) moved(rng *rand.Rand) repeated {
	size := math.Exp(-12 * rng.Float64())
	for side := range c.logits {
		c.logits[side] = slices.Clone(c.logits[side])
		if c.offset[side] != 0 && rng.IntN(8) == 0 {
			c.offset[side] += size * rng.NormFloat64()
		}
	}
	for range 1 + rng.IntN(3) {
		c.logits[rng.IntN(2)][rng.IntN(len(c.counts))] += size * rng.NormFloat64()
	}
	return c
}

// written is a side of the row in a form.
func written[F Float](c repeated, side Side, form Form) []F {
	var row []float64
	for range c.turns {
		for i := range 2 {
			row = append(row, repeat(c.logits[side][i], c.width)...)
		}
	}
	for i, n := range c.counts {
		row = append(row, repeat(c.logits[side][i], n)...)
	}
	out := encode[F](form, row)
	for i := range out {
		switch form {
		case Probs:
			out[i] *= F(math.Exp(c.offset[side]))
		case LogProbs:
			out[i] += F(c.offset[side])
		}
	}
	return out
}

// overBounds returns the errors of the loss and of both gradients in units of their
// bounds.
func overBounds[F Float](pair formPair, c repeated, kinds []*rowKernels[F]) (over [3]float64) {
	epsilon, underflow := epsilonOf[F]()
	x, t := written[F](c, Pred, pair.pred), written[F](c, Target, pair.target)
	n := len(x)
	p := newProblem(pair, []int{n}, 0, false)
	in := &Operands[F]{Pred: dense(x, n), Target: dense(t, n), Upstream: View[F]{[]F{1}, []int{0}}, kinds: kinds}
	want := newDefinition(pair, repeat(1.0, n), float64s(x), float64s(t)).bounded(epsilon, false)
	worst := func(got []F, want, bounds []float64) (worst float64) {
		for i, w := range want {
			over := math.Abs(float64(got[i])-w) / (bounds[i] + underflow)
			if over != over {
				over = math.Inf(1)
			}
			worst = max(worst, over)
		}
		return worst
	}
	over[0] = worst(Loss(p, in), want.loss, want.lossError)
	for _, wrt := range sides {
		over[1+wrt] = worst(VJP(p, wrt, in), want.gradient[wrt], want.gradientError[wrt])
	}
	return over
}

func (c repeated) hold(t *testing.T, name string, over [3]float64) {
	t.Helper()
	for i, o := range over {
		if o > 1 {
			t.Errorf("%s: the %s is %.2f times its bound away: %v", name, []string{"loss", "gradient of pred", "gradient of the target"}[i], o, c)
		}
	}
}

var climbs = flag.Int("climbs", 4, "climbs of TestBoundsUnderSearch a pair of forms, path and result")

// TestBoundsUnderSearch looks for rows that break the bounds by climbing from random
// ones to worse: what is far from the truth by chance is not met otherwise.
func TestBoundsUnderSearch(t *testing.T) {
	dtypes(t, testBoundsUnderSearch[float32], testBoundsUnderSearch[float64])
}

func testBoundsUnderSearch[F Float](t *testing.T) {
	steps := 250 / lengthStep()
	all := paths[F]()
	var names []string
	for path := range all {
		names = append(names, path)
	}
	slices.Sort(names)
	for _, pair := range formPairs(0) {
		for _, path := range names {
			var worst [3]float64
			rng := newRand(83)
			for climb := range *climbs * len(worst) {
				sought := climb % len(worst)
				row := newRepeated(rng)
				most := overBounds(pair, row, all[path])
				for range steps {
					next := row.moved(rng)
					if over := overBounds(pair, next, all[path]); over[sought] > most[sought] {
						row, most = next, over
					}
				}
				row.hold(t, fmt.Sprintf("%v on path %s", pair, path), most)
				worst[sought] = max(worst[sought], most[sought])
			}
			t.Logf("%v on path %s: worst error over bound %.2v", pair, path, worst)
		}
	}
}

// TestBoundsOnSoughtRows holds every path to the bounds on rows that longer searches
// found to break them in sums of a few float32, and in sums of many float64.
func TestBoundsOnSoughtRows(t *testing.T) {
	dtypes(t, testBoundsOnSoughtRows[float32], testBoundsOnSoughtRows[float64])
}

func testBoundsOnSoughtRows[F Float](t *testing.T) {
	rows := []repeated{
		{counts: []int{1, 1, 72}, logits: [2][]float64{{0.3647, -1.5465, -8.8663}, {-3.0192, 6.3614, -5.8637}}},
		{counts: []int{32, 1, 1}, logits: [2][]float64{{-1.9541, -30.4681, -30.6392}, {0.1221, -0.1663, -12.3672}}},
		{counts: []int{1, 17, 1}, logits: [2][]float64{{4.99004, 2.90393, 1.40136}, {9.24681, -6.49874, -32.34630}}},
		{counts: []int{1, 67, 1, 1}, logits: [2][]float64{{-0.68745, -2.95888, -0.46761, 1.47628}, {1.26659, -9.89185, -9.91253, -10.83607}}},
		{counts: []int{65, 5, 54, 1}, logits: [2][]float64{{-2.0752997786662997, 3.113200913567471, 1.4046335858970742, -2.0244338526862147}, {1.6455277072413363, 8.452753458502107, -0.9685443283680548, -3.0996749658569174}}},
		{counts: []int{67, 4, 17, 21}, logits: [2][]float64{{-1.0663410590631632, 4.540732312673011, 1.1952930832495259, -0.87232941805818}, {-9.105423397686545, -0.44862546490939964, -10.62347203164416, -12.519911883026445}}, offset: [2]float64{0, 0.94}},
		{counts: []int{24, 27, 5, 85}, logits: [2][]float64{{-12.487464943934464, -3.4386307307802313, -20.858582682451814, -28.63968249655251}, {-11.417188944228355, -3.8369985467642613, -3.892004724386624, -15.565850557536612}}, offset: [2]float64{-0.14, 0}},
		{counts: []int{63}, logits: [2][]float64{{-36.188644891377336}, {-3.542325304333404}}},
		{counts: []int{0, 0, 1}, logits: [2][]float64{{-0.7460893329709454, -0.14367800135078446, 3.8378444575929547}, {10.107910785388949, 0.45773768797771025, -5.953514574638249}}, turns: 10, width: 16},
		{counts: []int{0, 0, 1, 1}, logits: [2][]float64{{-0.9769072039513411, 1.8805947562360121, -3.9265788138116933, 0.8540466349890853}, {-2.1042055113888227, 5.884769558628374, 2.7663244954864594, -8.109904865516008}}, offset: [2]float64{0, -1.202702864777752}, turns: 6, width: 16},
		{counts: []int{0, 0, 1}, logits: [2][]float64{{-0.03183943363716403, 0.46178425440784404, -0.6521171354133124}, {-3.3432283668275833, 8.651102326790374, 2.428599745467261}}, turns: 4, width: 16},
		{counts: []int{0, 0}, logits: [2][]float64{{0.6703288958887782, 2.797668818051867}, {-2.8609883735319417, -0.3123314057609677}}, offset: [2]float64{0, -0.6134692001579909}, turns: 5, width: 16},
		{counts: []int{0, 0, 1}, logits: [2][]float64{{-2.8794887951199097, -0.8480973967057341, 1.9210127494222162}, {10.789402041751451, -3.0194492002361764, -4.946261341423222}}, turns: 7, width: 16},
		{counts: []int{0, 0, 1, 1}, logits: [2][]float64{{0.4997975924871134, -0.34243284600213025, -0.2648290604492209, 0.21388090383557437}, {-6.61292930870362, 0.793974267373589, 0.29015962523915895, 1.9021267760935414}}, turns: 11, width: 16},
		{counts: []int{0, 0, 1}, logits: [2][]float64{{0.810265828021866, -0.31269199972683487, -0.8517032035243588}, {-4.492736842078014, -14.35473420475595, -0.6197543482711891}}, turns: 11, width: 16},
		{counts: []int{0, 0}, logits: [2][]float64{{-0.22672709049007686, 0.8412954529408933}, {2.794390435720867, -2.8730346646690217}}, turns: 8, width: 16},
		{counts: []int{15, 16, 3, 23}, logits: [2][]float64{{1.5099649309262402, 5.911969584964337, 7.480382016877458, 3.002979907461562}, {-26.721091187187014, -6.831689424028461, -27.628110634495275, -29.375747818697736}}, offset: [2]float64{0.34073342393322587, -1.2829657476231728}},
		{counts: []int{47, 1, 66, 2}, logits: [2][]float64{{0.9852074136033746, -7.351396095824035, 0.9852074136033746, 3.1448909165737082}, {0.8800820905835349, 3.7533940065812152, 0.8800820905835349, -6.850310033552907}}},
		{counts: []int{27, 1, 1}, logits: [2][]float64{{1.8478971851638084, 3.238611241894283, -9.495758543544763}, {0.8706015930892178, -5.8939718552468, 2.1889096367580194}}},
		{counts: []int{56, 7}, logits: [2][]float64{{-7.71668155973386, -1.0343858951270253}, {-9.583052752246541, -1.8677350030549853}}, offset: [2]float64{-0.00027246795961959584, -0.6464307311528307}},
	}
	rng := newRand(84)
	for _, n := range []int{31, 64, 129, 256, 1000} {
		for range 20 {
			rows = append(rows, repeated{counts: []int{1, n}, logits: [2][]float64{{1, 1 + rng.Float64()}, {2, 2 + rng.Float64()}}})
		}
	}
	for _, row := range rows {
		for _, pair := range formPairs(0) {
			for path, kinds := range paths[F]() {
				row.hold(t, fmt.Sprintf("%v on path %s", pair, path), overBounds(pair, row, kinds))
			}
		}
	}
}
