//go:build !amd64 || purego

package adam

const (
	lanes     = 1
	available = false
)

func descendLanes(n int, theta, first, second, gradient *float32, s *step[float32]) {
	panic("adam: no kernel here")
}
