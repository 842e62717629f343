package main

import (
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"io"
	"slices"

	"github.com/kldivloss/kldivloss/internal/atomicfile"
)

const (
	// shortestFrame is in hundredths of a second. Browsers slow down what is shorter.
	shortestFrame = 3
	lastFrame     = 150
)

// writeReplay writes one fresh episode of a trained policy as an animated GIF, in the
// environment's own time.
func writeReplay(path string, t task, r trained) error {
	env, rng := t.make(), newRand(r.plan.Seed, streamReplay)
	env.reset(rng)
	every := (shortestFrame + t.frame - 1) / t.frame // steps a frame
	film := newFilm(every * t.frame)
	steps, shot := 0, 0
	shoot := func() {
		s := newScene()
		t.draw(s, env.state())
		s.caption(fmt.Sprintf("%s, step %d", t.name, steps))
		film.add(s.image())
		shot = steps
	}
	shoot()
	play(t, env, newForward(r.policy), r.normaliser, func() {
		steps++
		if steps%every == 0 {
			shoot()
		}
	})
	if shot != steps {
		shoot()
	}
	film.Delay[len(film.Delay)-1] = lastFrame
	return atomicfile.Write(path, func(w io.Writer) error { return gif.EncodeAll(w, &film.GIF) })
}

// film collects frames, of which it keeps what differs from the one before.
type film struct {
	gif.GIF
	delay   int
	palette color.Palette
	nearest map[color.Color]uint8
	last    *image.Paletted
}

func newFilm(delay int) *film {
	f := &film{delay: delay, nearest: make(map[color.Color]uint8)}
	// Every ink on white, as smoothed edges have it.
	const shades = 24
	f.palette = color.Palette{color.White}
	for _, ink := range []color.NRGBA{inkDark, inkTeal, inkOrange, inkGrey} {
		for i := 1; i <= shades; i++ {
			mix := func(c uint8) uint8 { return uint8(255 - (255-int(c))*i/shades) }
			f.palette = append(f.palette, color.NRGBA{mix(ink.R), mix(ink.G), mix(ink.B), 255})
		}
	}
	return f
}

func (f *film) add(picture image.Image) {
	frame := image.NewPaletted(picture.Bounds(), f.palette)
	for y := frame.Rect.Min.Y; y < frame.Rect.Max.Y; y++ {
		for x := frame.Rect.Min.X; x < frame.Rect.Max.X; x++ {
			c := picture.At(x, y)
			index, known := f.nearest[c]
			if !known {
				index = uint8(f.palette.Index(c))
				f.nearest[c] = index
			}
			frame.SetColorIndex(x, y, index)
		}
	}
	changed := frame
	if f.last != nil {
		changed = frame.SubImage(difference(f.last, frame)).(*image.Paletted)
	}
	f.Image = append(f.Image, changed)
	f.Delay = append(f.Delay, f.delay)
	f.last = frame
}

// difference is the smallest rectangle outside which two pictures of one size are
// equal, and one pixel where they are altogether: a GIF has no empty frames.
func difference(a, b *image.Paletted) image.Rectangle {
	var d image.Rectangle
	for y := a.Rect.Min.Y; y < a.Rect.Max.Y; y++ {
		from, to := a.PixOffset(a.Rect.Min.X, y), a.PixOffset(a.Rect.Max.X, y)
		before, after := a.Pix[from:to], b.Pix[from:to]
		if slices.Equal(before, after) {
			continue
		}
		left, right := 0, len(before)
		for before[left] == after[left] {
			left++
		}
		for before[right-1] == after[right-1] {
			right--
		}
		d = d.Union(image.Rect(a.Rect.Min.X+left, y, a.Rect.Min.X+right, y+1))
	}
	if d.Empty() {
		d = image.Rectangle{a.Rect.Min, a.Rect.Min.Add(image.Pt(1, 1))}
	}
	return d
}
