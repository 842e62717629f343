package main

import (
	"bufio"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// data are the inputs of a workload, each a []float32 or a []float64: pred and
// target in the mode's forms, and a vector for Hessian–vector products.
type data struct {
	x, t, v any
}

// newData draws logits from N(0, 2²). Distributions are softmaxes of such logits,
// all their probabilities above 0.
func newData(w workload) data {
	if w.dtype == "float32" {
		return newDataOf[float32](w)
	}
	return newDataOf[float64](w)
}

func newDataOf[F float32 | float64](w workload) data {
	r := rand.New(rand.NewPCG(uint64(w.rows), uint64(w.classes)))
	x, t := logits[F](r, w), logits[F](r, w)
	d := data{x: x, t: t}
	encode(x, w.classes, w.mode.pred())
	encode(t, w.classes, w.mode.target())
	if w.mode == product {
		d.v = logits[F](r, w)
	}
	return d
}

// encode turns rows of logits into a form.
func encode[F float32 | float64](x []F, classes int, to form) {
	if to == logitsForm {
		return
	}
	eachRow(x, classes, func(row []F, logSum float64) {
		for i := range row {
			logProb := float64(row[i]) - logSum
			if to == probsForm {
				logProb = math.Exp(logProb)
			}
			row[i] = F(logProb)
		}
	})
}

func logits[F float32 | float64](r *rand.Rand, w workload) []F {
	x := make([]F, w.elements())
	for i := range x {
		x[i] = F(2 * r.NormFloat64())
	}
	return x
}

// eachRow visits rows of logits with the logarithm of the sum of their
// exponentials; they are too small to overflow.
func eachRow[F float32 | float64](x []F, classes int, visit func(row []F, logSum float64)) {
	for ; len(x) > 0; x = x[classes:] {
		sum := 0.0
		for _, xi := range x[:classes] {
			sum += math.Exp(float64(xi))
		}
		visit(x[:classes], math.Log(sum))
	}
}

// save writes the arrays to dir for the peers, as raw numbers.
func (d data) save(dir string) error {
	for name, array := range map[string]any{"x": d.x, "t": d.t, "v": d.v} {
		if array == nil {
			continue
		}
		if err := saveArray(filepath.Join(dir, name), array); err != nil {
			return err
		}
	}
	return nil
}

func saveArray(path string, array any) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	if err := binary.Write(w, binary.NativeEndian, array); err != nil {
		f.Close()
		return err
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
