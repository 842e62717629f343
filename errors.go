package kldivloss

import "github.com/pkg/errors"

// Sentinels for errors.Is. Every error of this package wraps one of them in a
// message that names the argument, what was found and what was expected.
var (
	ErrNilNode           = errors.New("nil node")
	ErrGraph             = errors.New("nodes of one graph are needed")
	ErrShape             = errors.New("wrong shape")
	ErrAxis              = errors.New("wrong axis")
	ErrDtype             = errors.New("wrong dtype")
	ErrOption            = errors.New("wrong option")
	ErrValue             = errors.New("wrong value at run time")
	ErrNotDifferentiable = errors.New("not differentiable")
	ErrThirdDerivative   = errors.New("third derivatives are not supported")
)
