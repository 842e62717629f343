package main

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// idx returns an IDX file with the given header words and as many pixel bytes as
// asked for, byte i holding i modulo 251.
func idx(pixels int, header ...uint32) []byte {
	var out []byte
	for _, word := range header {
		out = binary.BigEndian.AppendUint32(out, word)
	}
	for i := 0; i < pixels; i++ {
		out = append(out, byte(i%251))
	}
	return out
}

func packed(t *testing.T, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func directory(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func good(count int) []byte { return idx(count*imageSize, imageMagic, uint32(count), 28, 28) }

func TestLoadImagesPlainAndPacked(t *testing.T) {
	dir := directory(t, map[string][]byte{
		trainImages:        good(3),
		testImages + ".gz": packed(t, good(2)),
	})
	train, test, err := loadImages(dir)
	if err != nil {
		t.Fatal(err)
	}
	if train.count() != 3 || test.count() != 2 {
		t.Fatalf("%d and %d images, want 3 and 2", train.count(), test.count())
	}
	if !bytes.Equal(train, good(3)[headerSize:]) || !bytes.Equal(test, good(2)[headerSize:]) {
		t.Error("pixels differ from the files'")
	}
	if first := imageSize % 251; int(train.at(1)[0]) != first {
		t.Errorf("image 1 starts with %d, want %d", train.at(1)[0], first)
	}
}

func TestLoadImagesErrors(t *testing.T) {
	broken := packed(t, good(2))
	flipped := bytes.Clone(broken)
	flipped[len(flipped)-8] ^= 1 // in the checksum
	cases := []struct {
		name  string
		files map[string][]byte
		want  []string
	}{
		{"missing", nil, []string{"neither", trainImages, ".gz"}},
		{"empty", map[string][]byte{trainImages: nil}, []string{"truncated", "0 of 16 header bytes"}},
		{"short header", map[string][]byte{trainImages: good(1)[:9]}, []string{"truncated", "9 of 16 header bytes"}},
		{"labels", map[string][]byte{trainImages: idx(20, 0x801, 20, 28, 28)},
			[]string{"magic number 0x00000801", "expected 0x00000803"}},
		{"size", map[string][]byte{trainImages: idx(32*32, imageMagic, 1, 32, 32)},
			[]string{"32x32", "expected 28x28"}},
		{"height", map[string][]byte{trainImages: idx(27*28, imageMagic, 1, 27, 28)},
			[]string{"27x28", "expected 28x28"}},
		{"no images", map[string][]byte{trainImages: good(0)}, []string{"no images"}},
		{"truncated", map[string][]byte{trainImages: good(2)[:headerSize+1000]},
			[]string{"truncated", "1000 pixel bytes", "expected 1568", "2 images"}},
		{"absurd count", map[string][]byte{trainImages: idx(imageSize, imageMagic, 0xffffffff, 28, 28)},
			[]string{"truncated", "784 pixel bytes"}},
		{"too long", map[string][]byte{trainImages: append(good(2), 0)},
			[]string{"more than the expected 1568"}},
		{"not gzip", map[string][]byte{trainImages + ".gz": good(2)}, []string{trainImages + ".gz", "not a gzip file"}},
		{"truncated gzip", map[string][]byte{trainImages + ".gz": broken[:len(broken)/2]},
			[]string{trainImages + ".gz", "truncated", "of 1568 pixel bytes", "unexpected EOF"}},
		{"wrong checksum", map[string][]byte{trainImages + ".gz": flipped},
			[]string{trainImages + ".gz", "checksum"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := directory(t, c.files)
			_, _, err := loadImages(dir)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range append(c.want, dir, trainImages) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
		})
	}
}

// TestLabels holds labels to be those of the images, where there are any.
func TestLabels(t *testing.T) {
	for _, c := range []struct {
		labels []byte
		want   string
	}{
		{idx(1, labelMagic, 1), ""},
		{idx(2, labelMagic, 2), "2 labels, expected 1"},
		{good(1), "magic number 0x00000803, expected 0x00000801"},
		{nil, "truncated: 0 of 8"},
	} {
		dir := directory(t, map[string][]byte{trainImages: good(1), testImages: good(1), testLabels: c.labels})
		_, _, err := loadImages(dir)
		switch {
		case c.want == "" && err != nil:
			t.Error(err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Join(dir, testLabels))):
			t.Errorf("error %v, expected one with %q that names the file", err, c.want)
		}
	}
}

func TestHoldout(t *testing.T) {
	train, test := images(good(5)[headerSize:]), images(good(2)[headerSize:])
	o := options{settings: settings{Batch: 1}, holdout: 2}
	d, err := newDataset(train, test, o)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(d.train, train[:3*imageSize]) || !bytes.Equal(d.test, train[3*imageSize:]) {
		t.Error("the last images were not held out")
	}
}

func TestLoadImagesNamesTheTestFile(t *testing.T) {
	dir := directory(t, map[string][]byte{trainImages: good(1), testImages: good(2)[:500]})
	_, _, err := loadImages(dir)
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, testImages)) {
		t.Errorf("error %v doesn't name the test images' file", err)
	}
}

func TestLoadImagesWithoutADirectory(t *testing.T) {
	dir := directory(t, map[string][]byte{"file": nil})
	if _, _, err := loadImages(filepath.Join(dir, "nowhere")); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("missing directory: %v", err)
	}
	if _, _, err := loadImages(filepath.Join(dir, "file")); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("file for a directory: %v", err)
	}
}

func TestEmbeddedImages(t *testing.T) {
	train, test, err := loadImages("")
	if err != nil {
		t.Fatal(err)
	}
	if train.count() != 10000 || test.count() != 2000 {
		t.Fatalf("%d and %d images, want 10000 and 2000", train.count(), test.count())
	}
	if train.name() != "the first 10,000 of Fashion-MNIST's training images" || test.name() != "the first 2,000 of Fashion-MNIST's test images" {
		t.Errorf("named %q and %q", train.name(), test.name())
	}
	// Of the pixels without the header, as internal/makedata cut them.
	for _, c := range []struct {
		name   string
		pixels images
		sum    string
	}{{"train", train, "62c87171406e13c643c02120854111d4"}, {"test", test, "c2966db507694f43ec3513c9e1f623a8"}} {
		if sum := fmt.Sprintf("%x", md5.Sum(c.pixels)); sum != c.sum {
			t.Errorf("md5 of the %s pixels is %s, want %s", c.name, sum, c.sum)
		}
	}
	t.Run("source", func(t *testing.T) {
		const source = "/usr/share/datasets/fashion-mnist"
		if _, err := os.Stat(source); err != nil {
			t.Skipf("Debian's dataset-fashion-mnist isn't installed: %v", err)
		}
		wholeTrain, wholeTest, err := loadImages(source)
		if err != nil {
			t.Fatal(err)
		}
		if wholeTrain.name() != "Fashion-MNIST's training images" || wholeTest.name() != "Fashion-MNIST's test images" {
			t.Errorf("named %q and %q", wholeTrain.name(), wholeTest.name())
		}
		if !bytes.Equal(train, wholeTrain.first(10000)) || !bytes.Equal(test, wholeTest.first(2000)) {
			t.Error("the embedded images aren't the first of the source's")
		}
	})
}

func TestFirst(t *testing.T) {
	im := make(images, 3*imageSize)
	for n, want := range map[int]int{0: 3, 1: 1, 3: 3, 7: 3} {
		if got := im.first(n).count(); got != want {
			t.Errorf("first(%d) of 3 has %d images, want %d", n, got, want)
		}
	}
}

func TestBinarise(t *testing.T) {
	const draws = 20000
	grey := []byte{0, 64, 128, 255}
	counts := make([]float64, len(grey))
	rng := newRand(3, streamTraining)
	dst := make([]float32, len(grey))
	for range draws {
		binarise(dst, grey, rng)
		for i, x := range dst {
			if x != 0 && x != 1 {
				t.Fatalf("drew %v", x)
			}
			counts[i] += float64(x)
		}
	}
	for i, g := range grey {
		// Five standard deviations at most: 5·√(¼/20000) = 0.018.
		if p := float64(g) / 255; counts[i]/draws < p-0.018 || counts[i]/draws > p+0.018 {
			t.Errorf("grey %d is on in %v of the draws, want %v", g, counts[i]/draws, p)
		}
	}
	if counts[0] != 0 || counts[3] != draws {
		t.Errorf("black is on %v times and white %v times of %d", counts[0], counts[3], draws)
	}
}

func TestBinarisedIsTheSameEveryTime(t *testing.T) {
	grey := images(good(2)[headerSize:])
	a, b := binarised(grey), binarised(grey)
	if !bytes.Equal(a, b) {
		t.Error("two draws of the test set differ")
	}
	for _, x := range a {
		if x != 0 && x != 255 {
			t.Fatalf("a binarised pixel is %d", x)
		}
	}
}
