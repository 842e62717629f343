package kldivloss

import (
	"bytes"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// checkHashes returns an error where two nodes of a graph that differ have the same hash. It
// has 32 bits, and TapeMachine tells nodes apart by nothing else: it computes one of the two and
// takes its value for the other's. So it is with one graph of a thousand nodes in ten thousand.
func checkHashes(g *G.ExprGraph) error {
	byHash := make(map[uint32]*G.Node)
	for _, n := range g.AllNodes() {
		hash := n.Hashcode()
		other, taken := byHash[hash]
		if taken && !bytes.Equal(hashed(n), hashed(other)) {
			return errors.Wrapf(ErrGraph, "nodes %v and %v have the same hash %#x, by which TapeMachine takes one for the other: name an input of theirs anew", other, n, hash)
		}
		byHash[hash] = n
	}
	return nil
}

// hashed is what a node's hash is made of.
func hashed(n *G.Node) []byte {
	var r recorder
	n.WriteHash(&r)
	return r.Bytes()
}

// recorder is a hash.Hash32 that keeps what is written.
type recorder struct{ bytes.Buffer }

func (*recorder) Sum(b []byte) []byte { return b }
func (*recorder) Sum32() uint32       { return 0 }
func (*recorder) Size() int           { return 4 }
func (*recorder) BlockSize() int      { return 1 }
