package main

import (
	"compress/gzip"
	"embed"
	"encoding/binary"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

const (
	imageSide  = 28
	imageSize  = imageSide * imageSide
	imageMagic = 0x00000803 // IDX: unsigned bytes in three dimensions
	headerSize = 16

	trainImages = "train-images-idx3-ubyte"
	testImages  = "t10k-images-idx3-ubyte"
)

// The labels lie beside the images so that data/ is a complete IDX directory, but
// a VAE doesn't use them and the program doesn't carry them.
//
//go:embed data/train-images-idx3-ubyte.gz data/t10k-images-idx3-ubyte.gz
var embedded embed.FS

// images holds greyscale images of imageSize bytes one after the other. Bytes, not
// floats: 60,000 images are 47 MB this way and 188 MB as float32.
type images []byte

func (im images) count() int { return len(im) / imageSize }

// at returns image i without copying it.
func (im images) at(i int) []byte { return im[i*imageSize : (i+1)*imageSize] }

// first returns the first n images, or all of them if n is 0 or more than there are.
func (im images) first(n int) images {
	if n <= 0 || n >= im.count() {
		return im
	}
	return im[:n*imageSize]
}

// loadImages reads the training and the test images of the IDX directory dir, or
// of the embedded subset of Fashion-MNIST if dir is empty. Label files are neither
// read nor required.
func loadImages(dir string) (train, test images, err error) {
	files, shown := fs.FS(nil), dir
	if dir == "" {
		if files, err = fs.Sub(embedded, "data"); err != nil {
			return nil, nil, errors.Wrap(err, "opening the embedded data")
		}
		shown = "embedded data"
	} else {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, nil, errors.Wrap(err, "data directory")
		}
		if !info.IsDir() {
			return nil, nil, errors.Errorf("data directory %s is not a directory", dir)
		}
		files = os.DirFS(dir)
	}
	if train, err = readImages(files, shown, trainImages); err != nil {
		return nil, nil, err
	}
	if test, err = readImages(files, shown, testImages); err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

// readImages reads the IDX file name, plain or with the ending .gz. The directory's
// name dir is used in error messages only.
func readImages(files fs.FS, dir, name string) (images, error) {
	f, err := files.Open(name)
	packed := errors.Is(err, fs.ErrNotExist)
	if packed {
		f, err = files.Open(name + ".gz")
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Errorf("neither %s nor %s.gz found in %s", name, name, dir)
		}
		name += ".gz"
	}
	path := filepath.Join(dir, name)
	if err != nil {
		return nil, errors.Wrapf(err, "opening %s", path)
	}
	defer f.Close()
	var r io.Reader = f
	if packed {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, errors.Wrapf(err, "%s is not a gzip file", path)
		}
	}
	im, err := decodeImages(r)
	return im, errors.Wrap(err, path)
}

// decodeImages reads the IDX format: big-endian magic number, image count, rows and
// columns, then one byte a pixel and nothing after the last. On an error the images
// are nil.
func decodeImages(r io.Reader) (images, error) {
	var header [headerSize]byte
	if n, err := io.ReadFull(r, header[:]); err != nil {
		return nil, errors.Wrapf(err, "truncated: %d of %d header bytes", n, headerSize)
	}
	word := func(i int) int64 { return int64(binary.BigEndian.Uint32(header[4*i:])) }
	if word(0) != imageMagic {
		return nil, errors.Errorf("magic number %#08x, expected %#08x (IDX images)", word(0), imageMagic)
	}
	count, rows, columns := word(1), word(2), word(3)
	if rows != imageSide || columns != imageSide {
		return nil, errors.Errorf("images of %dx%d pixels, expected %dx%d", rows, columns, imageSide, imageSide)
	}
	if count == 0 {
		return nil, errors.New("no images, expected at least one")
	}
	// One byte more than promised tells a file that is too long; reading through the
	// limit, not into a buffer of the promised size, survives a corrupted count.
	want := count * imageSize
	pixels, err := io.ReadAll(io.LimitReader(r, want+1))
	if err != nil {
		return nil, errors.Wrapf(err, "truncated or corrupt after %d of %d pixel bytes (%d images)", len(pixels), want, count)
	}
	if int64(len(pixels)) < want {
		return nil, errors.Errorf("truncated: %d pixel bytes, expected %d (%d images)", len(pixels), want, count)
	}
	if int64(len(pixels)) > want {
		return nil, errors.Errorf("more than the expected %d pixel bytes (%d images)", want, count)
	}
	return pixels, nil
}

// binarise draws every pixel of dst as a Bernoulli variable: 1 with probability
// grey/255, else 0.
func binarise(dst []float32, grey []byte, rng *rand.Rand) {
	for i, g := range grey {
		dst[i] = 0
		if rng.Float32()*255 < float32(g) {
			dst[i] = 1
		}
	}
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
