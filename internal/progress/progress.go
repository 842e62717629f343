// Package progress shows the examples' progress bars: on a terminal, and nowhere
// else, so that logs and pipes hold results only.
package progress

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Bar is a progress bar over a known number of steps.
type Bar struct {
	bar *progressbar.ProgressBar
}

// New starts a bar of the given number of steps on w. Unless w is a terminal the
// bar stays silent.
func New(w io.Writer, steps int, label string) *Bar {
	return newBar(w, steps, label, isTerminal(w), counted()...)
}

func counted() []progressbar.Option {
	return []progressbar.Option{progressbar.OptionSetWidth(30), progressbar.OptionShowCount()}
}

// NewRate is New for many steps, called by their unit, of which the bar shows how many
// are done in a second. It leaves room for a long label.
func NewRate(w io.Writer, steps int, label, unit string) *Bar {
	return newBar(w, steps, label, isTerminal(w), rated(unit)...)
}

func rated(unit string) []progressbar.Option {
	return []progressbar.Option{
		progressbar.OptionSetWidth(10), progressbar.OptionShowIts(), progressbar.OptionSetItsString(unit),
	}
}

func newBar(w io.Writer, steps int, label string, visible bool, more ...progressbar.Option) *Bar {
	options := []progressbar.Option{
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetVisibility(visible),
		progressbar.OptionSetDescription(label),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionShowElapsedTimeOnFinish(),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionOnCompletion(func() {
			if visible {
				io.WriteString(w, "\n")
			}
		}),
	}
	return &Bar{progressbar.NewOptions(steps, append(options, more...)...)}
}

// Step advances the bar by one step. A terminal that can't be written to is no
// reason to stop the work it reports on, so the error is dropped.
func (b *Bar) Step() {
	_ = b.bar.Add(1)
}

// Advance advances the bar by a number of steps and gives it a new label.
func (b *Bar) Advance(steps int, label string) {
	b.bar.Describe(label)
	_ = b.bar.Add(steps)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
