package kldivloss

import (
	"fmt"
	"hash"
	"hash/fnv"
	"slices"

	"github.com/chewxy/hm"
	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// argument is one input of an op.
type argument struct {
	name           string
	shape          tensor.Shape
	differentiable bool
	statistics     bool // float64, row-major, from a statisticsOp
}

// signature is what every op of this package shares: typed, shaped arguments, a
// fresh result, and a hash of all that the result depends on.
type signature struct {
	name  string
	attrs string // every attribute, printed; ops with equal attrs are one op
	dtype tensor.Dtype
	args  []argument
	out   tensor.Shape
}

func (s signature) Arity() int { return len(s.args) }

// element stands for the dtype of pred, target and the loss.
const element = hm.TypeVariable('a')

func (s signature) Type() hm.Type { return s.typeTo(typeOf(s.out, element)) }

func (s signature) typeTo(out hm.Type) hm.Type {
	types := make([]hm.Type, 0, len(s.args)+1)
	for _, arg := range s.args {
		if arg.statistics {
			types = append(types, typeOf(arg.shape, tensor.Float64))
		} else {
			types = append(types, typeOf(arg.shape, element))
		}
	}
	return hm.NewFnType(append(types, out)...)
}

func typeOf(shape tensor.Shape, of hm.Type) hm.Type {
	if len(shape) == 0 {
		return of
	}
	return G.TensorType{Dims: len(shape), Of: of}
}

func (s signature) InferShape(inputs ...G.DimSizer) (tensor.Shape, error) {
	shapes, err := G.DimSizersToShapes(inputs)
	if err != nil {
		return nil, errors.Wrap(err, s.name)
	}
	if len(shapes) != len(s.args) {
		return nil, errors.Wrapf(ErrShape, "%s has %d inputs, expected %d", s.name, len(shapes), len(s.args))
	}
	for i, arg := range s.args {
		if !slices.Equal(shapes[i], arg.shape) {
			return nil, errors.Wrapf(ErrShape, "%s: %s has shape %v, expected %v", s.name, arg.name, shapes[i], arg.shape)
		}
	}
	return slices.Clone(s.out), nil
}

func (s signature) DiffWRT(int) []bool {
	wrt := make([]bool, len(s.args))
	for i, arg := range s.args {
		wrt[i] = arg.differentiable
	}
	return wrt
}

// ReturnsPtr, CallsExtern and OverwritesInput promise Gorgonia that the result
// is fresh memory and the inputs stay as they are, as far as they are tensors: see ahead.
func (s signature) ReturnsPtr() bool     { return false }
func (s signature) CallsExtern() bool    { return false }
func (s signature) OverwritesInput() int { return -1 }

func (s signature) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "github.com/kldivloss/kldivloss %s %v %s %v %v", s.name, s.dtype, s.attrs, s.args, s.out)
}

func (s signature) Hashcode() uint32 {
	h := fnv.New32a()
	s.WriteHash(h)
	return h.Sum32()
}

func (s signature) String() string { return s.name }

// recovered makes a panic an error, deferred by whatever an op does with values: it
// runs in a goroutine of the VM's, where a panic would end the user's process.
func (s *signature) recovered(err *error) {
	if r := recover(); r != nil {
		*err = errors.Wrapf(ErrValue, "%s: %v", s.name, r)
	}
}

// run computes an op's result from its inputs' values with the kernel of their
// dtype.
func (s *signature) run(inputs []G.Value, f64 func([]kernel.View[float64]) []float64, f32 func([]kernel.View[float32]) []float32) (G.Value, error) {
	return runTo(s, s.out, inputs, f64, f32)
}

// runTo is run for results of any dtype and shape.
func runTo[R64, R32 kernel.Float](s *signature, out tensor.Shape, inputs []G.Value, f64 func([]kernel.View[float64]) []R64, f32 func([]kernel.View[float32]) []R32) (result G.Value, err error) {
	defer s.recovered(&err)
	if len(inputs) != len(s.args) {
		return nil, errors.Wrapf(ErrValue, "%s has %d inputs, expected %d", s.name, len(inputs), len(s.args))
	}
	if s.dtype == tensor.Float32 {
		return runKernel(s, out, inputs, f32)
	}
	return runKernel(s, out, inputs, f64)
}

// runKernel leaves out statistics, which are no F.
func runKernel[F, R kernel.Float](s *signature, out tensor.Shape, inputs []G.Value, compute func([]kernel.View[F]) []R) (G.Value, error) {
	views := make([]kernel.View[F], len(inputs))
	for i, arg := range s.args {
		if arg.statistics {
			continue
		}
		var err error
		if views[i], err = view[F](arg.name, inputs[i], arg.shape); err != nil {
			return nil, errors.WithMessage(err, s.name)
		}
	}
	return value(compute(views), out), nil
}

// lossArgs are the arguments that every derivative of a loss has too.
func (p *plan) lossArgs() []argument {
	pred, target := p.sides()
	args := []argument{
		{name: pred, shape: p.shape, differentiable: p.predGrad},
		{name: target, shape: p.shape, differentiable: p.targetGrad},
	}
	if p.sampled() {
		args = append(args, argument{name: "sample weight", shape: p.weightShape})
	}
	if p.masked() {
		args = append(args, argument{name: "mask", shape: p.maskShape})
	}
	return args
}

func (p *plan) upstreamArg() argument {
	return argument{name: "upstream gradient", shape: p.outShape, differentiable: true}
}

func (p *plan) tangentArg() argument {
	return argument{name: "tangent", shape: p.shape, differentiable: true}
}

// sign is the signature of an op of the loss's, with a suffix to its name.
func (p *plan) sign(suffix string, out tensor.Shape, args ...argument) signature {
	return signature{
		name:  p.name() + suffix,
		attrs: fmt.Sprintf("%+v %v %v %v %t %t", p.problem, p.outAxes, p.weightAxes, p.maskAxes, p.swapped, p.checks),
		dtype: p.dtype,
		args:  append(p.lossArgs(), args...),
		out:   out,
	}
}

// lossArity is the number of arguments before a derivative's own.
func (p *plan) lossArity() int {
	n := 2
	if p.sampled() {
		n++
	}
	if p.masked() {
		n++
	}
	return n
}

// operands reads the arguments of the loss.
func operands[F kernel.Float](p *plan, in []kernel.View[F]) *kernel.Operands[F] {
	ops := &kernel.Operands[F]{Pred: in[0], Target: in[1]}
	rest := in[2:]
	if p.sampled() {
		ops.Weight = kernel.View[F]{Data: rest[0].Data, Strides: stridesAlong(p.weightAxes, rest[0].Strides)}
		rest = rest[1:]
	}
	if p.masked() {
		ops.Mask = kernel.View[F]{Data: rest[0].Data, Strides: stridesAlong(p.maskAxes, rest[0].Strides)}
	}
	return ops
}

// spread gives the upstream gradient the strides of the elements it flows to.
func spread[F kernel.Float](p *plan, grad kernel.View[F]) kernel.View[F] {
	return kernel.View[F]{Data: grad.Data, Strides: stridesAlong(p.outAxes, grad.Strides)}
}
