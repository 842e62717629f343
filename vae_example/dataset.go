package main

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"

	"github.com/pkg/errors"
)

// dataset is what a run trains and tests on.
type dataset struct {
	train images
	test  images // as the model sees them
	grey  images // the same images as they are
	names string // of the files
}

// knownSets are files of images by the MD5 that is published of them, unpacked.
var knownSets = map[string]string{
	"6bbc9ace898e44ae57da46a324031adb": "MNIST's training images",
	"2646ac647ad5339dbf082846283269ea": "MNIST's test images",
	"f4a8712d7a061bf5bd6d2ca38dc4d50a": "Fashion-MNIST's training images",
	"8181f5470baa50b63fa0f6fddb340f0a": "Fashion-MNIST's test images",
	"56cb151f02f7a0ea897b87493b6c7586": "the first 10,000 of Fashion-MNIST's training images",
	"c02bf5be7718b1153b1992308017dc29": "the first 2,000 of Fashion-MNIST's test images",
}

// newDataset takes the images that o asks for from those that were read.
func newDataset(train, test images, o options) (dataset, error) {
	names := train.name() + " and " + test.name()
	if o.holdout >= train.count() {
		return dataset{}, errors.Errorf("-holdout %d, expected less than the %d training images", o.holdout, train.count())
	}
	if o.holdout > 0 {
		rest := train.count() - o.holdout
		train, test = train[:rest*imageSize], train[rest*imageSize:]
	}
	train = train.first(o.limit)
	if train.count() < o.settings.Batch {
		return dataset{}, errors.Errorf("%d training images, expected at least one batch of %d", train.count(), o.settings.Batch)
	}
	d := dataset{train: train, test: test, grey: test, names: names}
	if o.settings.Binarise {
		d.test = binarised(test)
	}
	return d, nil
}

// checksum is the MD5 of an IDX file of the images, in hexadecimal.
func (im images) checksum() string {
	sum := md5.New()
	header := make([]byte, 0, headerSize)
	for _, word := range []uint32{imageMagic, uint32(im.count()), imageSide, imageSide} {
		header = binary.BigEndian.AppendUint32(header, word)
	}
	sum.Write(header)
	sum.Write(im)
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// name says what the images are, and their checksum where that is not known.
func (im images) name() string {
	checksum := im.checksum()
	if name, ok := knownSets[checksum]; ok {
		return name
	}
	return "unknown images, MD5 " + checksum
}

// binarised returns a copy of all images with every pixel 0 or 255, drawn once from
// a seed of its own: a test set that is the same in every epoch and every run.
func binarised(im images) images {
	rng := newRand(testSetSeed, streamTestSet)
	out := make(images, len(im))
	for i, g := range im {
		if rng.Float32()*255 < float32(g) {
			out[i] = 255
		}
	}
	return out
}
