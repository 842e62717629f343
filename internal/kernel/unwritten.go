package kernel

import (
	"strings"
	"unsafe"
)

// Unwritten returns n elements that nothing has been written to: clearing a large result
// that is about to be overwritten costs as much as a third of computing it. The one
// way to such memory in Go is a strings.Builder's buffer, which nobody else holds and
// which has no pointers, like the elements.
func Unwritten[F Float](n int) []F {
	var b strings.Builder
	var zero F
	b.Grow(n * int(unsafe.Sizeof(zero)))
	b.WriteByte(0)
	return unsafe.Slice((*F)(unsafe.Pointer(unsafe.StringData(b.String()))), n)
}
