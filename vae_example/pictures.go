package main

import (
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"path/filepath"
	"sort"

	"github.com/kldivloss/kldivloss/internal/atomicfile"
	"github.com/pkg/errors"
)

const (
	pictureColumns = 10
	pictureScale   = 3 // screen pixels per image pixel
	pictureGap     = 3 // between tiles, in screen pixels
	sampleRows     = 8
)

// writePictures writes reconstructions.png, samples.png and traversal.png to dir.
func writePictures(dir string, e *evaluator, set dataset, latentKL []float64) error {
	for name, make := range map[string]func() (images, error){
		"reconstructions.png": func() (images, error) { return reconstructionTiles(e, set.grey, set.test) },
		"samples.png":         func() (images, error) { return sampleTiles(e) },
		"traversal.png":       func() (images, error) { return traversalTiles(e, set.test, latentKL) },
	} {
		tiles, err := make()
		if err != nil {
			return err
		}
		if err := writePNG(filepath.Join(dir, name), tiles); err != nil {
			return err
		}
	}
	return nil
}

// reconstructionTiles are, in two bands of ten test images, the image, what the encoder
// sees of it, and the decoder's pixel probabilities for the likeliest latents.
func reconstructionTiles(e *evaluator, grey, seen images) (images, error) {
	shown := min(2*pictureColumns, grey.count())
	posterior, _, err := e.encode(seen.first(shown))
	if err != nil {
		return nil, err
	}
	e.draw(posterior, nil)
	logits, _, err := e.decode()
	if err != nil {
		return nil, err
	}
	decoded := probabilities(logits)
	var tiles images
	for from := 0; from < shown; from += pictureColumns {
		band := func(im images) images {
			row := make(images, pictureColumns*imageSize) // a short last band stays black
			copy(row, im[from*imageSize:min(from+pictureColumns, shown)*imageSize])
			return row
		}
		tiles = append(tiles, band(grey)...)
		tiles = append(tiles, band(seen)...)
		tiles = append(tiles, band(decoded)...)
	}
	return tiles, nil
}

// sampleTiles are the decoder's pixel probabilities for latents drawn from the prior.
func sampleTiles(e *evaluator) (images, error) {
	rng := newRand(testSetSeed, streamSamples)
	for i := range e.batch {
		e.model.latent.DrawPrior(e.code(i), rng)
	}
	logits, _, err := e.decode()
	if err != nil {
		return nil, err
	}
	return probabilities(logits).first(sampleRows * pictureColumns), nil
}

// traversalTiles are, a row for each of the latents with the largest KL, the first image
// with that latent varied and the others the likeliest.
func traversalTiles(e *evaluator, seen images, latentKL []float64) (images, error) {
	posterior, _, err := e.encode(seen.first(1))
	if err != nil {
		return nil, err
	}
	order := make([]int, len(latentKL))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return latentKL[order[i]] > latentKL[order[j]] })
	shown := shownLatents(e.model.settings)
	clear(e.z)
	for row, latent := range order[:shown] {
		for column := range pictureColumns {
			code := e.code(row*pictureColumns + column)
			e.model.latent.Draw(code, e.posteriorOf(posterior, 0), nil)
			e.model.latent.Vary(code, latent, float64(column)/(pictureColumns-1))
		}
	}
	logits, _, err := e.decode()
	if err != nil {
		return nil, err
	}
	return probabilities(logits).first(shown * pictureColumns), nil
}

// shownLatents is how many latents a traversal has.
func shownLatents(s settings) int { return min(s.Latents, s.Batch/pictureColumns) }

// probabilities turns pixel logits into grey values, white for 1.
func probabilities(pixelLogits []float32) images {
	im := make(images, len(pixelLogits))
	for i, l := range pixelLogits {
		im[i] = byte(math.Round(255 / (1 + math.Exp(-float64(l)))))
	}
	return im
}

// mosaic lays tiles out in rows of pictureColumns on a dark ground.
func mosaic(tiles images) image.Image {
	const pitch = imageSide*pictureScale + pictureGap
	rows := (tiles.count() + pictureColumns - 1) / pictureColumns
	picture := image.NewGray(image.Rect(0, 0, pictureColumns*pitch+pictureGap, rows*pitch+pictureGap))
	for i := range picture.Pix {
		picture.Pix[i] = 64
	}
	for t := range tiles.count() {
		left := t%pictureColumns*pitch + pictureGap
		top := t/pictureColumns*pitch + pictureGap
		for y := range imageSide * pictureScale {
			for x := range imageSide * pictureScale {
				grey := tiles.at(t)[y/pictureScale*imageSide+x/pictureScale]
				picture.SetGray(left+x, top+y, color.Gray{Y: grey})
			}
		}
	}
	return picture
}

func writePNG(path string, tiles images) error {
	return errors.WithMessage(atomicfile.Write(path, func(w io.Writer) error {
		return png.Encode(w, mosaic(tiles))
	}), "picture")
}
