package kldivloss

import (
	"fmt"
	"os"
	"testing"
)

// TestTrapDerivatives takes our list of untrusted ops away: each derivative that Grad
// refuses is still wrong, missing or a panic, some in a goroutine.
func TestTrapDerivatives(t *testing.T) {
	for _, c := range refusals() {
		t.Run(c.name, func(t *testing.T) {
			out, err := inChild(t, func() {
				silenceLog(t)
				untrusted = nil
				if err := c.refusal(t); err != nil {
					fmt.Println("wrong:", err)
					os.Exit(1)
				}
			})
			stillBites(t, err != nil, fmt.Sprintf("the derivative of order %d of %s is right: it may leave untrusted", c.order, c.name))
			t.Log(out)
		})
	}
}
