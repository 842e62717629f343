package main

import (
	"image/color"
	"testing"
)

func TestMosaic(t *testing.T) {
	tiles := make(images, 12*imageSize)
	tiles[11*imageSize+imageSide+2] = 200 // tile 11: second row, second column; pixel (2, 1)
	picture := mosaic(tiles)
	const pitch = imageSide*pictureScale + pictureGap
	x, y := pitch+pictureGap+2*pictureScale, pitch+pictureGap+pictureScale
	for _, c := range []struct {
		x, y int
		want uint8
	}{
		{x, y, 200},
		{x + pictureScale - 1, y + pictureScale - 1, 200},
		{x + pictureScale, y, 0},
		{x - 1, y, 0},
		{0, 0, 64},                                // gap
		{9*pitch + pictureGap, y, 64},             // no tile in the last column of the last row
		{9*pitch + pictureGap, pictureGap + 1, 0}, // tile 9
	} {
		if got := picture.At(c.x, c.y).(color.Gray).Y; got != c.want {
			t.Errorf("grey %d at (%d, %d), want %d", got, c.x, c.y, c.want)
		}
	}
}

func TestProbabilities(t *testing.T) {
	got := probabilities([]float32{-1000, -1, 0, 1, 1000})
	for i, want := range []byte{0, 69, 128, 186, 255} {
		if got[i] != want {
			t.Errorf("logit %d gives grey %d, want %d", i, got[i], want)
		}
	}
}
