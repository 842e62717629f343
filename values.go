package kldivloss

import (
	"slices"

	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// view reads a value in whatever layout it has. Of a tensor only its shape,
// strides and data can be trusted: transposed views say they are none, and
// column-major tensors that they need no iterator.
func view[F kernel.Float](name string, v G.Value, shape tensor.Shape) (kernel.View[F], error) {
	empty := kernel.View[F]{}
	if isNil(v) {
		return empty, errors.Wrapf(ErrValue, "%s has no value, expected one of shape %v", name, shape)
	}
	data, strides, err := memory[F](name, v)
	if err != nil {
		return empty, err
	}
	found := v.Shape()
	if len(strides) != len(found) {
		strides = kernel.RowMajor(found)
	}
	if strides = fit(found, strides, shape); strides == nil {
		return empty, errors.Wrapf(ErrShape, "%s has a value of shape %v, expected %v", name, found, shape)
	}
	lowest, last := 0, 0
	for k, stride := range strides {
		lowest = min(lowest, stride)
		last += (shape[k] - 1) * stride
	}
	if lowest < 0 || last < 0 || last >= len(data) {
		return empty, errors.Wrapf(ErrValue, "%s has %d elements in memory with strides %v, too few for shape %v", name, len(data), strides, shape)
	}
	return kernel.View[F]{Data: data, Strides: strides}, nil
}

// fit returns the strides of a tensor seen in another shape, nil if it has other
// dimensions. Gorgonia drops and adds dimensions of 1, which need no stride.
func fit(found tensor.Shape, strides []int, shape tensor.Shape) []int {
	if len(shape) > 0 && slices.Equal(found, shape) {
		return strides
	}
	fitted := make([]int, len(shape))
	k := 0
	for i, d := range shape {
		if d == 1 {
			continue
		}
		for k < len(found) && found[k] == 1 {
			k++
		}
		if k == len(found) || found[k] != d {
			return nil
		}
		fitted[i] = strides[k]
		k++
	}
	for ; k < len(found); k++ {
		if found[k] != 1 {
			return nil
		}
	}
	return fitted
}

// memory returns what lies behind a value: its elements and their strides.
func memory[F kernel.Float](name string, v G.Value) ([]F, []int, error) {
	var strides []int
	if t, ok := v.(tensor.Tensor); ok {
		dense, ok := t.(*tensor.Dense)
		if !ok || dense.IsMasked() || !dense.IsNativelyAccessible() {
			return nil, nil, errors.Wrapf(ErrValue, "%s is a %T, expected a *tensor.Dense without a mask, in this machine's memory", name, v)
		}
		strides = dense.Strides()
	}
	switch data := v.Data().(type) {
	case []F:
		return data, strides, nil
	case F:
		return []F{data}, strides, nil
	}
	var want F
	return nil, nil, errors.Wrapf(ErrDtype, "%s has a value of %v, expected %T", name, v.Dtype(), want)
}

// isNil also finds a nil *tensor.Dense inside the interface.
func isNil(v G.Value) bool {
	if v == nil {
		return true
	}
	dense, ok := v.(*tensor.Dense)
	return ok && dense == nil
}

// value wraps fresh row-major data. A scalar is a Gorgonia scalar: the ops that
// follow fail on a tensor without dimensions.
func value[F kernel.Float](data []F, shape tensor.Shape) G.Value {
	if len(shape) > 0 {
		return tensor.New(tensor.WithShape(slices.Clone(shape)...), tensor.WithBacking(data))
	}
	switch x := any(data[0]).(type) {
	case float32:
		return G.NewF32(x)
	default:
		return G.NewF64(x.(float64))
	}
}

// accumulate adds to a value in place, whatever its layout.
func accumulate[F kernel.Float](into, addend G.Value) error {
	shape := addend.Shape()
	dst, err := view[F]("the gradient", into, shape)
	if err != nil {
		return err
	}
	src, err := view[F]("the addend", addend, shape)
	if err != nil {
		return err
	}
	kernel.Accumulate(shape, dst, src)
	return nil
}
