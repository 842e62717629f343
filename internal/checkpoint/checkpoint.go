// Package checkpoint keeps the state of a training in a file that is whole, undamaged
// and of the program that reads it, or refused.
package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"io"
	"os"

	"github.com/kldivloss/kldivloss/internal/atomicfile"
	"github.com/pkg/errors"
)

// Format is the first line of a program's checkpoints. It ends with a line feed and
// changes whenever their content does.
type Format string

// Write replaces path by the line, the SHA-256 of what follows, and state in gob.
func (f Format) Write(path string, state any) error {
	var content bytes.Buffer
	if err := gob.NewEncoder(&content).Encode(state); err != nil {
		return errors.Wrap(err, "checkpoint")
	}
	sum := sha256.Sum256(content.Bytes())
	return errors.WithMessage(atomicfile.Write(path, func(w io.Writer) error {
		for _, part := range [][]byte{[]byte(f), sum[:], content.Bytes()} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return nil
	}), "checkpoint")
}

// Read fills state, a pointer, with what Write wrote to path. Where there is no file the
// error is fs.ErrNotExist.
func (f Format) Read(path string, state any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return errors.Wrap(err, "checkpoint")
	}
	content, ours := bytes.CutPrefix(data, []byte(f))
	if !ours {
		return errors.Errorf("%s is no checkpoint of this program: it starts with %.20q, expected %.20q", path, data, string(f))
	}
	if len(content) < sha256.Size || sha256.Sum256(content[sha256.Size:]) != [sha256.Size]byte(content) {
		return errors.Errorf("checkpoint %s is truncated or damaged: its %d bytes do not have the checksum they were written with", path, len(data))
	}
	return errors.Wrapf(gob.NewDecoder(bytes.NewReader(content[sha256.Size:])).Decode(state), "checkpoint %s", path)
}
