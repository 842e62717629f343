package kernel

import (
	"fmt"
	"slices"
	"testing"
)

// paths are the ways a row can take: the kernels that the machine takes, those of each
// instruction set, each kind of them alone, before the portable path; and no kernels.
func paths[F Float]() map[string][]*rowKernels[F] {
	all := map[string][]*rowKernels[F]{"machine": nil, "portable": {}}
	for _, set := range kernelSets[F]() {
		all[set.name] = set.kinds
	}
	for name, k := range kinds[F]() {
		all[name] = []*rowKernels[F]{k}
	}
	return all
}

// kinds are the kinds of kernels of all instruction sets, by the set's name where it has one
// only.
func kinds[F Float]() map[string]*rowKernels[F] {
	all := map[string]*rowKernels[F]{}
	for _, set := range kernelSets[F]() {
		for i, k := range set.kinds {
			name := set.name
			if len(set.kinds) > 1 {
				name += fmt.Sprintf(", kind %d", i)
			}
			all[name] = k
		}
	}
	return all
}

// lengthStep is 1, and more in the short tests that CI runs with the race detector, which
// sees no kernels and makes them take minutes.
func lengthStep() int {
	if testing.Short() {
		return 16
	}
	return 1
}

// everyHVP is how many lengths there are to one whose Hessian–vector products, the reference
// of which is slow, are checked.
const everyHVP = 8

// TestPaths holds every path to the reference for every length to 129, each kept at
// every offset from a vector's boundary to the last bit.
func TestPaths(t *testing.T) { dtypes(t, testPaths[float32], testPaths[float64]) }

func testPaths[F Float](t *testing.T) {
	rng := newRand(81)
	worst := map[string]float64{}
	for n := 1; n <= 129; n += lengthStep() {
		for k, pair := range formPairs(0) {
			c := newTrial[F](rng, pair, spreads[(n+k)%len(spreads)], n, false)
			m := newReference(pair, bigRowOf(c.g), bigRowOf(c.x), bigRowOf(c.t))
			for path, kinds := range paths[F]() {
				c.kinds = kinds
				c.checkFirst(t, fmt.Sprintf("%v n=%d %s", pair, n, path), m, worst)
				if n%everyHVP == 0 {
					c.checkHVP(t, fmt.Sprintf("%v n=%d %s", pair, n, path), m, Pred, Pred, worst)
				}
				c.checkOffsets(t, fmt.Sprintf("%v n=%d %s", pair, n, path))
			}
		}
	}
	t.Logf("worst error over bound %.2v", worst)
}

// checkOffsets fails unless the results are the same wherever the rows start.
func (c trial[F]) checkOffsets(t *testing.T, name string) {
	t.Helper()
	const furthest = 8
	results := func(c trial[F]) []F {
		all := HVP(c.problem(), Pred, Pred, c.operands(Pred))
		for _, in := range []*Operands[F]{c.operands(Pred), noted(c.problem(), c.operands(Pred))} {
			all = slices.Concat(all, Loss(c.problem(), in), VJP(c.problem(), Pred, in), VJP(c.problem(), Target, in))
		}
		return all
	}
	want := results(c)
	for offset := range furthest {
		moved := c
		moved.x = append(make([]F, offset, offset+len(c.x)), c.x...)[offset:]
		moved.t = append(make([]F, furthest-offset, furthest-offset+len(c.t)), c.t...)[furthest-offset:]
		equalBits(t, fmt.Sprintf("%s at offset %d", name, offset), results(moved), want)
	}
}

// TestManyRows holds a call for many rows to one call a row.
func TestManyRows(t *testing.T) { dtypes(t, testManyRows[float32], testManyRows[float64]) }

func testManyRows[F Float](t *testing.T) {
	const rows = 70
	rng := newRand(82)
	for _, classes := range []int{1, 3, 8, 10, 17, 64, 129, 700} {
		for _, pair := range formPairs(0) {
			c := newTrial[F](rng, pair, spread{sigma: 2}, rows*classes, false)
			weight := convert[F](logits(rng, rows, 1))
			weight[7] = 0
			for path, kinds := range paths[F]() {
				in := &Operands[F]{
					Pred: dense(c.x, rows, classes), Target: dense(c.t, rows, classes), Tangent: dense(c.tangent[Pred], rows, classes),
					Weight: View[F]{weight, []int{1, 0}}, kinds: kinds,
				}
				p := newProblem(pair, []int{rows, classes}, 1, false)
				for _, f := range functions[F]() {
					got := f.call(p, in)
					per := len(got) / rows
					for r := range rows {
						one := func(x []F) View[F] { return dense(x[r*classes:][:classes], 1, classes) }
						alone := f.call(newProblem(pair, []int{1, classes}, 1, false), &Operands[F]{
							Pred: one(c.x), Target: one(c.t), Tangent: one(c.tangent[Pred]),
							Weight: View[F]{weight[r:], []int{0, 0}}, kinds: kinds,
						})
						equalBits(t, fmt.Sprintf("%s %v %s, row %d of %d classes", f.name, pair, path, r, classes), got[r*per:][:per], alone)
					}
				}
			}
		}
	}
}
