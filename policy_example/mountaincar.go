package main

import (
	"math"
	"math/rand/v2"
)

// mountainCar is Gymnasium's MountainCar-v0: push a car left (0), not at all (1) or
// right (2) out of the valley sin 3x; the motor is too weak to climb without a run-up.
// The state is position and velocity. The reward is −1 a step until the flag at 0.5.
//
// Moore, "Efficient memory-based learning for robot control", 1990; the equations are
// those of gymnasium/envs/classic_control/mountain_car.py.
type mountainCar struct{ s [2]float64 }

const (
	mountainCarForce    = 0.001
	mountainCarGravity  = 0.0025
	mountainCarMaxSpeed = 0.07
	mountainCarLeft     = -1.2
	mountainCarRight    = 0.6
	mountainCarFlag     = 0.5
)

func newMountainCar() environment { return new(mountainCar) }

func (m *mountainCar) reset(rng *rand.Rand) {
	m.s = [2]float64{uniform(rng, -0.6, -0.4), 0}
}

func (m *mountainCar) step(action int) (reward float64, terminated bool) {
	position, velocity := m.s[0], m.s[1]
	velocity += float64(action-1)*mountainCarForce - math.Cos(3*position)*mountainCarGravity
	velocity = clamp(velocity, -mountainCarMaxSpeed, mountainCarMaxSpeed)
	position = clamp(position+velocity, mountainCarLeft, mountainCarRight)
	if position == mountainCarLeft && velocity < 0 {
		velocity = 0
	}
	m.s = [2]float64{position, velocity}
	return -1, position >= mountainCarFlag && velocity >= 0
}

func (m *mountainCar) observe(observation []float64) {
	copy(observation, m.s[:])
	float32s(observation)
}

func (m *mountainCar) state() []float64 { return m.s[:] }
