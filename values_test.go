package kldivloss

import (
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// TestViewStaysInMemory refuses strides that lead out of a tensor's memory, also where
// the last element alone would be inside: the kernels look at the start of a row only.
func TestViewStaysInMemory(t *testing.T) {
	shape := tensor.Shape{2, 2, 8}
	for _, strides := range [][]int{{16, 8, 1}, {8, 16, 1}, {0, 8, 1}} {
		v := dense(tensor.Float64, make([]float64, 32), shape...)
		copy(v.Strides(), strides)
		if _, err := view[float64]("x", v, shape); err != nil {
			t.Errorf("strides %v: %v", strides, err)
		}
	}
	for _, strides := range [][]int{{16, 8, 4}, {32, 8, 1}, {-16, 8, 1}, {28, -28, 1}, {-1, 8, 1}, {16, 8, -1}} {
		v := dense(tensor.Float64, make([]float64, 32), shape...)
		copy(v.Strides(), strides)
		if _, err := view[float64]("x", v, shape); !errors.Is(err, ErrValue) {
			t.Errorf("strides %v: got %v, want %v", strides, err, ErrValue)
		}
	}
}
