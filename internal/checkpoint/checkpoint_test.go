package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type state struct {
	Step    int
	Weights []float32
}

const format Format = "a program's checkpoint 1\n"

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.bin")
	if err := format.Read(path, new(state)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v, expected fs.ErrNotExist", err)
	}
	want := state{7, []float32{1, 0.5}}
	if err := format.Write(path, want); err != nil {
		t.Fatal(err)
	}
	var got state
	if err := format.Read(path, &got); err != nil {
		t.Fatal(err)
	}
	if got.Step != want.Step || len(got.Weights) != 2 || got.Weights[0] != 1 || got.Weights[1] != 0.5 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Every prefix of a checkpoint, every changed byte and every other file is refused.
func TestRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.bin")
	if err := format.Write(path, state{7, []float32{1, 0.5}}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(data []byte, want string) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := format.Read(path, new(state)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%d bytes: %v, expected an error with %q and the path", len(data), err, want)
		}
	}
	for n := range whole {
		want := "truncated or damaged"
		if n < len(format) {
			want = "no checkpoint of this program"
		}
		refused(whole[:n], want)
	}
	for i := range whole {
		changed := append([]byte(nil), whole...)
		changed[i] ^= 4
		want := "truncated or damaged"
		if i < len(format) {
			want = "no checkpoint of this program"
		}
		refused(changed, want)
	}
	refused([]byte("another program's checkpoint\n"), "no checkpoint of this program")
}
