package progress

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

func TestNoTerminalNoOutput(t *testing.T) {
	var out bytes.Buffer
	bar := New(&out, 3, "epoch")
	for i := 0; i < 3; i++ {
		bar.Step()
	}
	if out.Len() != 0 {
		t.Errorf("a bar on a buffer wrote %q", out.String())
	}
}

func TestNoBarInAFile(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "bar")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	New(f, 1, "epoch").Step()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() != 0 {
		t.Errorf("a bar on a file wrote %d bytes", info.Size())
	}
}

func TestVisibleBar(t *testing.T) {
	var out bytes.Buffer
	bar := newBar(&out, 2, "epoch 1", true, counted()...)
	bar.Step()
	bar.Step()
	for _, want := range []string{"epoch 1", "(0/2)", "(2/2)", "100%"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the bar %q lacks %q", out.String(), want)
		}
	}
	if !strings.HasSuffix(out.String(), "\n") {
		t.Errorf("a finished bar doesn't end its line: %q", out.String())
	}
}

func TestRate(t *testing.T) {
	var out bytes.Buffer
	bar := newBar(&out, 100, "return ?", true, rated("steps")...)
	time.Sleep(150 * time.Millisecond) // the bar redraws ten times a second at most
	bar.Advance(40, "return 17")
	for _, want := range []string{"return 17", "40%", "steps/s", "["} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the bar %q lacks %q", out.String(), want)
		}
	}
}
