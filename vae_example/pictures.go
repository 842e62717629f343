package main

import (
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"path/filepath"

	"github.com/kldivloss/kldivloss/internal/atomicfile"
	"github.com/pkg/errors"
)

const (
	pictureColumns = 10
	pictureScale   = 3 // screen pixels per image pixel
	pictureGap     = 3 // between tiles, in screen pixels
	sampleRows     = 8
)

// writePictures writes to dir
//
//   - reconstructions.png: in two bands of ten test images, the image, its binarised
//     form that the encoder sees, and the decoder's pixel probabilities for the
//     likeliest latents;
//   - samples.png: the decoder's pixel probabilities for latents drawn from the prior.
func writePictures(dir string, e *evaluator, grey, binary images) error {
	reconstructions, err := reconstructionTiles(e, grey, binary)
	if err != nil {
		return err
	}
	if err := writePNG(filepath.Join(dir, "reconstructions.png"), reconstructions); err != nil {
		return err
	}
	samples, err := sampleTiles(e)
	if err != nil {
		return err
	}
	return writePNG(filepath.Join(dir, "samples.png"), samples)
}

func reconstructionTiles(e *evaluator, grey, binary images) (images, error) {
	shown := min(2*pictureColumns, grey.count())
	logits, _, err := e.encodeImages(binary.first(shown))
	if err != nil {
		return nil, err
	}
	pixelLogits, _, err := e.decodeLatents(e.sample(logits, nil))
	if err != nil {
		return nil, err
	}
	decoded := probabilities(pixelLogits)
	var tiles images
	for from := 0; from < shown; from += pictureColumns {
		band := func(im images) images {
			row := make(images, pictureColumns*imageSize) // a short last band stays black
			copy(row, im[from*imageSize:min(from+pictureColumns, shown)*imageSize])
			return row
		}
		tiles = append(tiles, band(grey)...)
		tiles = append(tiles, band(binary)...)
		tiles = append(tiles, band(decoded)...)
	}
	return tiles, nil
}

func sampleTiles(e *evaluator) (images, error) {
	rng := newRand(testSetSeed, streamSamples)
	classes := make([]int, e.batch*e.latents)
	for i := range classes {
		classes[i] = rng.IntN(e.classes)
	}
	pixelLogits, _, err := e.decodeLatents(classes)
	if err != nil {
		return nil, err
	}
	return probabilities(pixelLogits).first(sampleRows * pictureColumns), nil
}

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
