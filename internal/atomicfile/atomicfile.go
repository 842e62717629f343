// Package atomicfile writes files that are there whole or not at all.
package atomicfile

import (
	"bufio"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

// Write gives path the content that write writes. Until all of it is on the disk a
// file that was there before stays as it is; on an error it stays for good.
func Write(path string, write func(w io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return errors.WithMessage(err, path)
	}
	defer func() {
		if err != nil {
			f.Close() // closed already, perhaps; the first error counts
			os.Remove(f.Name())
			err = errors.WithMessage(err, path)
		}
	}()
	buffered := bufio.NewWriter(f)
	if err := write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	// CreateTemp makes it readable by its owner only; results are for everyone.
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
