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
	labelMagic = 0x00000801 // unsigned bytes in one
	headerSize = 16

	trainImages = "train-images-idx3-ubyte"
	testImages  = "t10k-images-idx3-ubyte"
	trainLabels = "train-labels-idx1-ubyte"
	testLabels  = "t10k-labels-idx1-ubyte"
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
// of the embedded subset of Fashion-MNIST if dir is empty. Labels are not needed, but
// where there are some they must be as many as images.
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
	if train, err = readPair(files, shown, trainImages, trainLabels); err != nil {
		return nil, nil, err
	}
	test, err = readPair(files, shown, testImages, testLabels)
	return train, test, err
}

// readPair reads images, and holds their labels to be as many if they are there.
func readPair(files fs.FS, dir, imageFile, labelFile string) (images, error) {
	var im images
	_, err := readIDX(files, dir, imageFile, func(r io.Reader) (err error) {
		im, err = decodeImages(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	found, err := readIDX(files, dir, labelFile, func(r io.Reader) error { return checkLabels(r, im.count()) })
	if !found {
		return im, nil
	}
	return im, err
}

// readIDX lets decode read the IDX file name, plain or with the ending .gz, and reports
// whether there is one. The directory's name dir is used in error messages only.
func readIDX(files fs.FS, dir, name string, decode func(io.Reader) error) (found bool, err error) {
	f, err := files.Open(name)
	packed := errors.Is(err, fs.ErrNotExist)
	if packed {
		f, err = files.Open(name + ".gz")
		if errors.Is(err, fs.ErrNotExist) {
			return false, errors.Errorf("neither %s nor %s.gz found in %s", name, name, dir)
		}
		name += ".gz"
	}
	path := filepath.Join(dir, name)
	if err != nil {
		return true, errors.Wrapf(err, "opening %s", path)
	}
	defer f.Close()
	var r io.Reader = f
	if packed {
		if r, err = gzip.NewReader(f); err != nil {
			return true, errors.Wrapf(err, "%s is not a gzip file", path)
		}
	}
	return true, errors.Wrap(decode(r), path)
}

// checkLabels reads the header of IDX labels.
func checkLabels(r io.Reader, count int) error {
	var header [8]byte
	if n, err := io.ReadFull(r, header[:]); err != nil {
		return errors.Wrapf(err, "truncated: %d of %d header bytes", n, len(header))
	}
	if magic := binary.BigEndian.Uint32(header[:]); magic != labelMagic {
		return errors.Errorf("magic number %#08x, expected %#08x (IDX labels)", magic, labelMagic)
	}
	if found := int(binary.BigEndian.Uint32(header[4:])); found != count {
		return errors.Errorf("%d labels, expected %d as there are images", found, count)
	}
	return nil
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
// grey/255, else 0. One draw of the generator is enough for four pixels of 16 bits.
func binarise(dst []float32, grey []byte, rng *rand.Rand) {
	var bits uint64
	for i, g := range grey {
		if i%4 == 0 {
			bits = rng.Uint64()
		}
		dst[i] = 0
		if uint32(uint16(bits))*255 < uint32(g)<<16 {
			dst[i] = 1
		}
		bits >>= 16
	}
}

// brightness sets every pixel of dst to grey/255.
func brightness(dst []float32, grey []byte) {
	for i, g := range grey {
		dst[i] = float32(g) / 255
	}
}
