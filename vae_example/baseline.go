package main

import "math"

// baseline returns the mean −ln p of the test images, nats an image, under
// independent Bernoulli pixels with the training images' frequencies,
//
//	p_j = (1 + Σ grey_j/255) / (2 + count).
//
// It is what a model scores that knows how bright each pixel is on average and
// nothing of the others. The added counts keep a pixel that never lights up in
// training from costing an infinity in the test.
func baseline(train, test images) float64 {
	var on, off [imageSize]float64 // −ln p and −ln(1−p)
	for i, grey := range train {
		on[i%imageSize] += float64(grey) / 255
	}
	for j, sum := range on {
		p := (1 + sum) / (2 + float64(train.count()))
		on[j], off[j] = -math.Log(p), -math.Log1p(-p)
	}
	total := 0.0
	for i, pixel := range test {
		share := float64(pixel) / 255
		total += share*on[i%imageSize] + (1-share)*off[i%imageSize]
	}
	return total / float64(test.count())
}
