// Command makedata cuts the subset of Fashion-MNIST that vae_example embeds: the
// first 10,000 training and the first 2,000 test images, with their labels, as
// gzipped IDX files. From the repository's root, with Debian's package
// dataset-fashion-mnist installed:
//
//	go run ./vae_example/internal/makedata -from /usr/share/datasets/fashion-mnist -to vae_example/data
//
// The gzip headers carry neither a name nor a time, so one release of Go writes
// the same bytes every time. Another release may compress differently; the
// uncompressed content, whose md5 sums it prints, is always the same.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

const (
	trainCount = 10000
	testCount  = 2000
)

// part is one file of the data set: count items of itemSize bytes each behind a
// header of headerSize bytes whose second big-endian word counts the items.
type part struct {
	name       string
	headerSize int
	itemSize   int
	count      int
}

var parts = []part{
	{"train-images-idx3-ubyte.gz", 16, 28 * 28, trainCount},
	{"train-labels-idx1-ubyte.gz", 8, 1, trainCount},
	{"t10k-images-idx3-ubyte.gz", 16, 28 * 28, testCount},
	{"t10k-labels-idx1-ubyte.gz", 8, 1, testCount},
}

func main() {
	from := flag.String("from", "/usr/share/datasets/fashion-mnist", "`directory` of the whole data set")
	to := flag.String("to", "vae_example/data", "`directory` to write the subset to")
	flag.Parse()
	for _, p := range parts {
		sum, err := cut(filepath.Join(*from, p.name), filepath.Join(*to, p.name), p)
		if err != nil {
			fmt.Fprintln(os.Stderr, "makedata:", err)
			os.Exit(1)
		}
		fmt.Printf("%x  %s (uncompressed)\n", sum, p.name)
	}
}

// cut writes the first p.count items of the file from to the file to and returns
// the md5 sum of the uncompressed subset.
func cut(from, to string, p part) ([md5.Size]byte, error) {
	subset, err := readSubset(from, p)
	if err != nil {
		return [md5.Size]byte{}, err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return [md5.Size]byte{}, errors.Wrap(err, "starting the compression")
	}
	if _, err := z.Write(subset); err != nil {
		return [md5.Size]byte{}, errors.Wrapf(err, "compressing %s", p.name)
	}
	if err := z.Close(); err != nil {
		return [md5.Size]byte{}, errors.Wrapf(err, "compressing %s", p.name)
	}
	if err := os.WriteFile(to, packed.Bytes(), 0o644); err != nil {
		return [md5.Size]byte{}, errors.Wrap(err, "writing the subset")
	}
	return md5.Sum(subset), nil
}

// readSubset returns the header and the first p.count items of a gzipped IDX file,
// the header's count lowered to match.
func readSubset(path string, p part) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Wrap(err, "opening the whole data set")
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, errors.Wrapf(err, "%s", path)
	}
	subset := make([]byte, p.headerSize+p.count*p.itemSize)
	if _, err := io.ReadFull(z, subset); err != nil {
		return nil, errors.Wrapf(err, "%s: reading its first %d items", path, p.count)
	}
	binary.BigEndian.PutUint32(subset[4:], uint32(p.count))
	return subset, nil
}
