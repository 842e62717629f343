package nn

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// columnsOp is x → x[:, from : from+n]. Gorgonia's Slice gives a view, which its MatMul
// reads wrongly.
type columnsOp struct {
	signature
	from int
}

func newColumnsOp(x *G.Node, from, to int) columnsOp {
	shape := x.Shape()
	name := fmt.Sprintf("Columns%d:%d", from, to) // in the hash, as what tells two apart
	return columnsOp{signature{name, x.Dtype(), []tensor.Shape{shape}, tensor.Shape{shape[0], to - from}, []bool{true}}, from}
}

func (op columnsOp) Do(values ...G.Value) (G.Value, error) {
	return op.run(values, columns[float32](op.inputs[0], op.out, op.from), columns[float64](op.inputs[0], op.out, op.from))
}

func columns[F float](whole, part tensor.Shape, from int) func(out []F, in [][]F) {
	return func(out []F, in [][]F) {
		for i := range part[0] {
			copy(out[i*part[1]:(i+1)*part[1]], in[0][i*whole[1]+from:])
		}
	}
}

func (op columnsOp) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	vjp := columnsGradOp{signature{op.name + "Grad", op.dtype, []tensor.Shape{op.out}, op.inputs[0], []bool{false}}, op.from}
	dx, err := G.ApplyOp(vjp, grad)
	return G.Nodes{dx}, err
}

// columnsGradOp puts a gradient back where its columns came from, among zeros.
type columnsGradOp struct {
	signature
	from int
}

func (op columnsGradOp) Do(values ...G.Value) (G.Value, error) {
	return op.run(values, scatter[float32](op.inputs[0], op.out, op.from), scatter[float64](op.inputs[0], op.out, op.from))
}

func scatter[F float](part, whole tensor.Shape, from int) func(out []F, in [][]F) {
	return func(out []F, in [][]F) {
		for i := range part[0] {
			copy(out[i*whole[1]+from:], in[0][i*part[1]:(i+1)*part[1]])
		}
	}
}

var _ G.SDOp = columnsOp{}
