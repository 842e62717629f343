package main

import (
	"math"
	"math/rand/v2"
)

// cartPole is Gymnasium's CartPole-v1: push a cart left (0) or right (1) so that the
// pole on it does not fall. The state is the cart's position (m) and velocity and the
// pole's angle from upright (rad) and angular velocity. The reward is 1 a step, the
// last one too.
//
// Barto, Sutton, Anderson, "Neuronlike adaptive elements that can solve difficult
// learning control problems", 1983; the equations are those of
// gymnasium/envs/classic_control/cartpole.py.
type cartPole struct{ s [4]float64 }

const (
	cartPoleGravity    = 9.8
	cartPoleMass       = 0.1 + 1.0 // pole and cart, kg
	cartPoleMassPole   = 0.1
	cartPoleHalfLength = 0.5 // m
	cartPoleForce      = 10  // N
	cartPoleTimeStep   = 0.02
	cartPoleTrack      = 2.4 // the cart's position is within ±
	cartPoleMaxAngle   = 12 * 2 * math.Pi / 360
)

func newCartPole() environment { return new(cartPole) }

func (c *cartPole) reset(rng *rand.Rand) {
	for i := range c.s {
		c.s[i] = uniform(rng, -0.05, 0.05)
	}
}

func (c *cartPole) step(action int) (reward float64, terminated bool) {
	force := -float64(cartPoleForce)
	if action == 1 {
		force = cartPoleForce
	}
	x, v, angle, spin := c.s[0], c.s[1], c.s[2], c.s[3]
	const moment = cartPoleMassPole * cartPoleHalfLength
	sin, cos := math.Sincos(angle)
	push := (force + moment*(spin*spin)*sin) / cartPoleMass
	angular := (cartPoleGravity*sin - cos*push) /
		(cartPoleHalfLength * (4.0/3.0 - cartPoleMassPole*(cos*cos)/cartPoleMass))
	linear := push - moment*angular*cos/cartPoleMass

	// Explicit Euler, as in Gymnasium: positions move with the old velocities.
	c.s = [4]float64{
		x + cartPoleTimeStep*v,
		v + cartPoleTimeStep*linear,
		angle + cartPoleTimeStep*spin,
		spin + cartPoleTimeStep*angular,
	}
	return 1, math.Abs(c.s[0]) > cartPoleTrack || math.Abs(c.s[2]) > cartPoleMaxAngle
}

func (c *cartPole) observe(observation []float64) {
	copy(observation, c.s[:])
	float32s(observation)
}

func (c *cartPole) state() []float64 { return c.s[:] }
