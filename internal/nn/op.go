package nn

import (
	"fmt"
	"hash"
	"hash/fnv"
	"slices"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

type float interface{ float32 | float64 }

// signature is what all ops here share: inputs of fixed shapes and one dtype, a fresh
// result, and a hash of all that the result depends on.
type signature struct {
	name   string
	dtype  tensor.Dtype
	inputs []tensor.Shape
	out    tensor.Shape
	wrt    []bool // which inputs are differentiable
}

func (s signature) Arity() int { return len(s.inputs) }

func (s signature) Type() hm.Type {
	var types []hm.Type
	for _, shape := range append(slices.Clone(s.inputs), s.out) {
		types = append(types, G.TensorType{Dims: len(shape), Of: hm.TypeVariable('a')})
	}
	return hm.NewFnType(types...)
}

func (s signature) InferShape(inputs ...G.DimSizer) (tensor.Shape, error) {
	shapes, err := G.DimSizersToShapes(inputs)
	if err != nil {
		return nil, errors.Wrap(err, s.name)
	}
	for i, shape := range shapes {
		if !slices.Equal(shape, s.inputs[i]) {
			return nil, errors.Errorf("%s: input %d has shape %v, expected %v", s.name, i, shape, s.inputs[i])
		}
	}
	return s.out.Clone(), nil
}

func (s signature) DiffWRT(int) []bool { return slices.Clone(s.wrt) }

func (signature) ReturnsPtr() bool     { return false }
func (signature) CallsExtern() bool    { return false }
func (signature) OverwritesInput() int { return -1 }

func (s signature) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "kldivloss/internal/nn %s %v %v %v", s.name, s.dtype, s.inputs, s.out)
}

func (s signature) Hashcode() uint32 {
	h := fnv.New32a()
	s.WriteHash(h)
	return h.Sum32()
}

func (s signature) String() string { return s.name }

// run computes the result in fresh memory with the kernel of the inputs' dtype.
func (s signature) run(values []G.Value, f32 func(out []float32, in [][]float32), f64 func(out []float64, in [][]float64)) (G.Value, error) {
	if s.dtype == tensor.Float32 {
		return run(s, values, f32)
	}
	return run(s, values, f64)
}

func run[F float](s signature, values []G.Value, kernel func(out []F, in [][]F)) (G.Value, error) {
	if len(values) != len(s.inputs) {
		return nil, errors.Errorf("%s has %d inputs, expected %d", s.name, len(values), len(s.inputs))
	}
	in := make([][]F, len(values))
	for i, v := range values {
		dense, ok := v.(*tensor.Dense)
		if !ok {
			return nil, errors.Errorf("%s: input %d is a %T, expected a *tensor.Dense", s.name, i, v)
		}
		data, ok := dense.Data().([]F)
		// Gorgonia says little that is true of a layout: only shape and strides count.
		if !ok || !slices.Equal(dense.Shape(), s.inputs[i]) || !slices.Equal(dense.Strides(), s.inputs[i].CalcStrides()) {
			return nil, errors.Errorf("%s: input %d is %v of shape %v with strides %v, expected row-major %v of shape %v",
				s.name, i, dense.Dtype(), dense.Shape(), dense.Strides(), s.dtype, s.inputs[i])
		}
		in[i] = data
	}
	out := make([]F, s.out.TotalSize())
	kernel(out, in)
	return tensor.New(tensor.WithShape(s.out...), tensor.WithBacking(out)), nil
}
