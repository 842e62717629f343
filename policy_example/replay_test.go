package main

import (
	"image"
	"image/color"
	"image/gif"
	"os"
	"path/filepath"
	"testing"
)

// TestFilm plays three pictures back: a frame holds only what changed.
func TestFilm(t *testing.T) {
	const size = 8
	picture := func(dots ...image.Point) image.Image {
		p := image.NewRGBA(image.Rect(0, 0, size, size))
		for i := range p.Pix {
			p.Pix[i] = 255
		}
		for _, dot := range dots {
			p.Set(dot.X, dot.Y, inkTeal)
		}
		return p
	}
	f := newFilm(4)
	f.add(picture(image.Pt(2, 3)))
	f.add(picture(image.Pt(5, 4)))
	f.add(picture(image.Pt(5, 4)))
	for i, want := range []image.Rectangle{image.Rect(0, 0, size, size), image.Rect(2, 3, 6, 5), image.Rect(0, 0, 1, 1)} {
		if f.Image[i].Rect != want {
			t.Errorf("frame %d covers %v, want %v", i, f.Image[i].Rect, want)
		}
	}
	second := f.Image[1]
	if c := color.NRGBAModel.Convert(second.At(5, 4)); c != inkTeal {
		t.Errorf("the dot is %v, want %v", c, inkTeal)
	}
	if c := color.NRGBAModel.Convert(second.At(2, 3)); c != (color.NRGBA{255, 255, 255, 255}) {
		t.Errorf("where the dot was it is %v, want white", c)
	}
}

// TestReplayLength: the first state, every step-th and the last are shown.
func TestReplayLength(t *testing.T) {
	policy := &network[float32]{widths: []int{1, 2}, theta: []float32{0, 0, 0, 1}} // climb
	r := trained{policy: policy, normaliser: newNormaliser(1, false)}
	for frame, want := range map[int][]int{
		5: {5, 5, 5, lastFrame}, // steps 0 to 3
		2: {4, 4, lastFrame},    // steps 0, 2 and 3
	} {
		task := stairsTask(10)
		task.frame = frame
		path := filepath.Join(t.TempDir(), "replay.gif")
		check0(t, writeReplay(path, task, r))
		f, err := os.Open(path)
		check0(t, err)
		defer f.Close()
		film, err := gif.DecodeAll(f)
		check0(t, err)
		if len(film.Delay) != len(want) {
			t.Errorf("%d frames, want %v", len(film.Delay), want)
			continue
		}
		for i, delay := range want {
			if film.Delay[i] != delay {
				t.Errorf("delays %v, want %v", film.Delay, want)
			}
		}
	}
}
