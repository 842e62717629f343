package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	heading   = "KL divergence of the target from the prediction: float32, mean over the classes"
	rowFormat = "   %-38s %-22s %s"
)

func printTable(w io.Writer, steps []step) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\n", heading)
	printRow(&b, row{"", "KLDivLoss", "Gluon"})
	for _, s := range steps {
		fmt.Fprintf(&b, "\n%s\n", s.title)
		for _, r := range s.rows {
			printRow(&b, r)
		}
		for _, line := range strings.Split(s.note, "\n") {
			if line != "" {
				fmt.Fprintf(&b, "   %s\n", line)
			}
		}
	}
	_, err := b.WriteTo(w)
	return err
}

func printRow(w io.Writer, r row) {
	fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf(rowFormat, r.label, r.ours, r.gluon), " "))
}

// number prints every digit of x, as Gluon does: those beyond float32 too.
func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func vector(x []float64) string { return fmt.Sprintf("%8.4f", x) }
