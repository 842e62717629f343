package main

import (
	"math"
	"testing"
)

func TestBaseline(t *testing.T) {
	train := make(images, 2*imageSize)
	train[0] = 255 // pixel 0 is on in one of two images
	test := make(images, imageSize)
	test[1] = 255
	// p is (1+1)/(2+2) at pixel 0, which is off in the test image, and 1/4 elsewhere;
	// pixel 1 is on.
	want := math.Ln2 + math.Log(4) - (imageSize-2)*math.Log(0.75)
	if got := baseline(train, test); math.Abs(got-want) > 1e-10 {
		t.Errorf("baseline %v, want %v", got, want)
	}
	// A grey pixel is a mixture of both.
	test[1] = 51
	want = math.Ln2 - 0.2*math.Log(0.25) - 0.8*math.Log(0.75) - (imageSize-2)*math.Log(0.75)
	if got := baseline(train, test); math.Abs(got-want) > 1e-10 {
		t.Errorf("baseline with a grey pixel %v, want %v", got, want)
	}
	// Averaged over images, not summed.
	if got := baseline(train, append(test, test...)); math.Abs(got-want) > 1e-10 {
		t.Errorf("baseline of two equal images %v, want %v", got, want)
	}
}
