package kldivloss

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// untrusted are the ops of Gorgonia v0.9.18 whose derivative is wrong without an
// error, or missing where its DiffWRT panics: by their type and, where only some
// are wrong, by what they are applied to. Differentiating an op twice leads
// through the op that holds its gradient, named …DiffOp there.
var untrusted = []struct {
	kind, reason string
	wrong        func(n *G.Node) bool // nil: always
}{
	{"sliceIncrOp", "the second derivative of Slice is wrong", nil},
	{"col2imOp", "the second derivative of Conv2d panics in a goroutine", nil},
	{"groupNormDiffOp", "GroupNorm has no second derivative", nil},
	{"batchnormDiffOp", "BatchNorm has no second derivative", nil},
	{"maxPoolDiffOp", "MaxPool has no second derivative", nil},
	{"avgPoolDiffOp", "AvgPool has no second derivative", nil},
	{"upsampleDiffOp", "Upsample has no second derivative", nil},
	{"byIndicesOpDiffOp", "ByIndices has no second derivative", nil},
	{"dropoutDiffOp", "Dropout has no second derivative", nil},
	{"sparsemaxDiffOp", "Sparsemax has no second derivative", nil},
	{"softmaxDiffOp", "Gorgonia's Softmax has no second derivative: use kldivloss.Softmax or LogSoftmax", nil},
	{"softmaxOp", "the gradient of a column without an explicit axis is along the wrong one: use kldivloss.Softmax or LogSoftmax", isColumnSoftmax},
	{"sparsemaxOp", "the gradient of Sparsemax along any axis but the last is wrong", isInnerSparsemax},
	{"avgPoolOp", "the gradient of a padded AvgPool is wrong", isPadded},
	{"dropoutOp", "the gradient of Dropout with probability 0 is 0", isDropoutOfNothing},
	{"linAlgBinOp", "the gradients of an outer product, part of the second derivative of matrix × vector, are swapped", named("⊗")},
	{"elemUnaryOp", "the gradient of Log2 is wrong", named("log2")},
	{"elemUnaryOp", "the gradient of InverseSqrt is wrong", named("invSqrt")},
}

// distrust returns an error where Gorgonia's derivative of n is known to be wrong.
func distrust(n *G.Node) error {
	kind, theirs := strings.CutPrefix(strings.TrimPrefix(fmt.Sprintf("%T", n.Op()), "*"), "gorgonia.")
	if !theirs {
		return nil
	}
	for _, u := range untrusted {
		if kind == u.kind && (u.wrong == nil || u.wrong(n)) {
			return errors.Wrapf(ErrNotDifferentiable, "%v (%s) of Gorgonia v0.9.18: %s", n.Op(), kind, u.reason)
		}
	}
	return nil
}

func named(symbol string) func(*G.Node) bool {
	return func(n *G.Node) bool { return strings.Contains(fmt.Sprint(n.Op()), symbol) }
}

func isColumnSoftmax(n *G.Node) bool {
	return attribute(n, "axis") == -1 && n.Dims() == 2 && n.Shape()[1] == 1
}

func isInnerSparsemax(n *G.Node) bool {
	axis := attribute(n, "axis")
	return axis != -1 && int(axis) != n.Dims()-1
}

func isPadded(n *G.Node) bool {
	return attribute(n, "padNorth") != 0 || attribute(n, "padWest") != 0 || attribute(n, "padSouth") != 0 || attribute(n, "padEast") != 0
}

func isDropoutOfNothing(n *G.Node) bool { return attribute(n, "probability") == 0 }

// attribute reads a number that an op of Gorgonia's keeps to itself, 0 if it has
// none of that name.
func attribute(n *G.Node, name string) float64 {
	field := reflect.Indirect(reflect.ValueOf(n.Op())).FieldByName(name)
	switch {
	case field.IsValid() && field.CanInt():
		return float64(field.Int())
	case field.IsValid() && field.CanFloat():
		return field.Float()
	}
	return 0
}
