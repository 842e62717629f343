package kernel

import "unsafe"

// StatisticsSize is how many numbers Statistics notes of a row.
const StatisticsSize = sumCount

// What Statistics notes of a row in place of what only the kernel needed.
const (
	kind       = reachT // the number of the kind of kernels that found the sums, from 1; 0 is none
	divergence = flags  // Scale·s·Σp·r
)

// HasStatistics reports whether a problem's gradients are faster with Statistics or
// LossAndGradients, and statistics take no more memory than one of them, of elements of a size in bytes, or little.
// Beside fewer rows than many one more op of a graph takes as long as they save.
func HasStatistics(p Problem, elementSize int) bool {
	const little, many = 1 << 20, 128
	rows, row := size(p.Shape)/p.classes(), StatisticsSize*int(unsafe.Sizeof(float64(0)))
	return p.notable() && fastLoss[float64](p) != nil &&
		(p.classes()*elementSize >= row || rows >= many && rows*row <= little)
}

// notable reports whether gradients read what Statistics notes.
func (p Problem) notable() bool {
	return (p.Family == KL && p.Pred == Logits || p.hasJensenKernels()) && !p.elementwise()
}

// keepsExponentials reports whether the gradient with respect to pred is a sum of what the
// loss is computed from, and there is a place for that. The exponentials of pred have the
// gradient's own; those of a target's logits need some rows for every goroutine, which are
// to be few beside the gradient or small.
func (p Problem) keepsExponentials(rowSize int) bool {
	const many, small = 32, 1 << 16
	little := rowSize <= small || size(p.Shape)/p.classes() >= many
	return p.Family == KL && p.Pred == Logits && (p.Target == Probs || p.Target == Logits && little)
}

// Statistics returns, row by row, StatisticsSize numbers from which Loss and VJP of
// the same operands need not look for the largest logit and the partition function
// again. They mean something to this package and this machine only.
//
// Ahead are the gradients with respect to sides, as VJP returns them with these statistics,
// to the bit; each row's are written while it is in the cache.
func Statistics[F Float](p Problem, in *Operands[F], sides ...Side) (statistics []float64, ahead [][]F) {
	t := newTask(p, in, View[F]{}, View[F]{})
	t.allNoted = make([]rowSums, t.rowCount())
	return unsafe.Slice(&t.allNoted[0][0], len(t.allNoted)*sumCount), t.withGradients(in, sides)
}

// LossAndGradients returns what Loss and VJP return with Statistics, to the bit, which are not
// kept. The problem is one that HasStatistics.
func LossAndGradients[F Float](p Problem, in *Operands[F], sides ...Side) (loss []F, gradients [][]F) {
	t := newTask(p, in, View[F]{}, View[F]{})
	t.passing = true
	t.losses = make([]float64, t.rowCount())
	gradients = t.withGradients(in, sides)
	return sumRows[F](p, t.losses, 1), gradients
}

// withGradients visits the rows of a loss, and of its gradients each while it is in the cache.
func (t *task[F]) withGradients(in *Operands[F], sides []Side) (gradients [][]F) {
	p := &t.problem
	t.allKnown = nil
	passes := make([]pass[F], 0, 1+len(sides))
	passes = append(passes, t.summing(fastLoss[F](*p), p.terms()))
	for _, side := range sides {
		g := gradientPass(*p, side, in)
		g.allKnown, g.passing = t.allNoted, t.passing
		if side == Pred && p.keepsExponentials(p.classes()*int(unsafe.Sizeof(F(0)))) && t.packed && g.packed {
			t.finishing = t.passing && len(sides) == 1 && passes[0].fast != nil && in.Upstream.Data == nil
			t.kept, g.kept = g.tensors[outOperand].Data, g.tensors[outOperand].Data
		}
		passes, gradients = append(passes, g), append(gradients, g.tensors[outOperand].Data)
	}
	visitAll(passes...)
	return gradients
}

// statistics reads what Statistics returned, nil where there is nothing.
func (in *Operands[F]) statistics() []rowSums {
	if in.Statistics == nil {
		return nil
	}
	return unsafe.Slice((*rowSums)(unsafe.Pointer(&in.Statistics[0])), len(in.Statistics)/sumCount)
}

// note keeps the sums of row i of those in work, if they are the first to be sound, and
// reports whether they are.
func (w *worker[F]) note(i int, s *rowSums, sound bool) bool {
	if w.noted == nil {
		return sound
	}
	r := &w.noted[i]
	if w.kind > 1 { // the sums of the first are where they are noted
		if !sound || r[kind] != 0 {
			return sound
		}
		*r = *s
	}
	if !sound {
		*r = rowSums{} // a machine may watch for NaN
		return false
	}
	r[reachX], r[kind] = max(r[reachX], r[reachT]), w.kind
	return true
}

// find sets the sums of n rows, those that were noted or what sum finds, and marks the
// rows done whose sums make exact gradients. Where another kind has noted a row, this
// one's sums were not sound, or it has not been tried.
func (w *worker[F]) find(k *rowKernels[F], i, n int, sum attempt[F]) {
	if w.known == nil {
		sum(w, k, i, n)
		w.doneIfExact(k, i, n)
		return
	}
	if w.kind == 1 { // which has been tried on every row
		w.sums = w.known
		for j := i; j < i+n; j++ {
			s := &w.sums[j]
			w.done[j] = k.makesGradient(s)
		}
		return
	}
	for j := i; j < i+n; j++ {
		s, known := &w.sums[j], &w.known[j]
		if noted := known[kind]; noted == 0 || noted >= w.kind {
			*s = *known
			s[reachT], s[flags] = 0, 0 // where kind and divergence are
			w.done[j] = noted == w.kind && s[reachX] <= k.maxReach
			continue
		}
		sum(w, k, j, 1)
		w.doneIfExact(k, j, 1)
	}
}

// makesGradient reports whether sums that the first kind has noted make exact gradients.
func (k *rowKernels[F]) makesGradient(s *rowSums) bool {
	return s[kind] == 1 && s[reachX] <= k.maxReach
}

func (w *worker[F]) doneIfExact(k *rowKernels[F], i, n int) {
	for j := i; j < i+n; j++ {
		s := &w.sums[j]
		w.done[j] = k.sound(s) && k.exact(s)
	}
}

// reachOf is the larger of a row's two, in sums that find has set.
func (w *worker[F]) reachOf(s *rowSums) float64 {
	if w.known != nil && w.kind == 1 {
		return s[reachX]
	}
	return max(s[reachX], s[reachT])
}
