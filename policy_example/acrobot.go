package main

import (
	"math"
	"math/rand/v2"
)

// acrobot is Gymnasium's Acrobot-v1: two links hang from a pivot; a torque of −1, 0 or
// 1 N·m (actions 0 to 2) on the joint between them is to swing the free end a link's
// length above the pivot. The state is the first link's angle from hanging, the
// second's relative to the first, both in [−π, π], and their velocities. The reward is
// −1 a step, 0 for the one that arrives.
//
// Sutton, "Generalization in reinforcement learning", 1996, with the "book" dynamics of
// Sutton and Barto, 1998; the equations are those of
// gymnasium/envs/classic_control/acrobot.py.
type acrobot struct{ s [4]float64 }

const (
	acrobotTimeStep = 0.2
	acrobotMaxSpin1 = 4 * math.Pi
	acrobotMaxSpin2 = 9 * math.Pi
)

func newAcrobot() environment { return new(acrobot) }

func (a *acrobot) reset(rng *rand.Rand) {
	for i := range a.s {
		// Gymnasium keeps the first state in float32.
		a.s[i] = float64(float32(uniform(rng, -0.1, 0.1)))
	}
}

func (a *acrobot) step(action int) (reward float64, terminated bool) {
	a.s = acrobotRungeKutta(a.s, float64(action-1))
	a.s[0], a.s[1] = wrapAngle(a.s[0]), wrapAngle(a.s[1])
	a.s[2] = clamp(a.s[2], -acrobotMaxSpin1, acrobotMaxSpin1)
	a.s[3] = clamp(a.s[3], -acrobotMaxSpin2, acrobotMaxSpin2)
	if -math.Cos(a.s[0])-math.Cos(a.s[1]+a.s[0]) > 1 {
		return 0, true
	}
	return -1, false
}

func (a *acrobot) observe(observation []float64) {
	observation[1], observation[0] = math.Sincos(a.s[0])
	observation[3], observation[2] = math.Sincos(a.s[1])
	observation[4], observation[5] = a.s[2], a.s[3]
	float32s(observation)
}

func (a *acrobot) state() []float64 { return a.s[:] }

// acrobotRungeKutta takes one step of the classical fourth-order method.
func acrobotRungeKutta(s [4]float64, torque float64) [4]float64 {
	along := func(k [4]float64, h float64) (moved [4]float64) {
		for i := range moved {
			moved[i] = s[i] + h*k[i]
		}
		return moved
	}
	const h = acrobotTimeStep
	k1 := acrobotDerivative(s, torque)
	k2 := acrobotDerivative(along(k1, h/2), torque)
	k3 := acrobotDerivative(along(k2, h/2), torque)
	k4 := acrobotDerivative(along(k3, h), torque)
	for i := range s {
		s[i] += h / 6 * (k1[i] + 2*k2[i] + 2*k3[i] + k4[i])
	}
	return s
}

// acrobotDerivative is ds/dt for links of mass 1 kg, length 1 m, centre of mass at
// 0.5 m and moment of inertia 1 kg·m².
func acrobotDerivative(s [4]float64, torque float64) [4]float64 {
	const mass, length, centre, inertia, gravity = 1.0, 1.0, 0.5, 1.0, 9.8
	angle1, angle2, spin1, spin2 := s[0], s[1], s[2], s[3]
	sin2, cos2 := math.Sincos(angle2)
	d1 := mass*centre*centre + mass*(length*length+centre*centre+2*length*centre*cos2) + 2*inertia
	d2 := mass*(centre*centre+length*centre*cos2) + inertia
	phi2 := mass * centre * gravity * math.Cos(angle1+angle2-math.Pi/2)
	phi1 := -mass*length*centre*spin2*spin2*sin2 -
		2*mass*length*centre*spin2*spin1*sin2 +
		(mass*centre+mass*length)*gravity*math.Cos(angle1-math.Pi/2) + phi2
	acceleration2 := (torque + d2/d1*phi1 - mass*length*centre*spin1*spin1*sin2 - phi2) /
		(mass*centre*centre + inertia - d2*d2/d1)
	acceleration1 := -(d2*acceleration2 + phi1) / d1
	return [4]float64{spin1, spin2, acceleration1, acceleration2}
}

// wrapAngle returns angle in [−π, π].
func wrapAngle(angle float64) float64 {
	for angle > math.Pi {
		angle -= 2 * math.Pi
	}
	for angle < -math.Pi {
		angle += 2 * math.Pi
	}
	return angle
}

func clamp(v, low, high float64) float64 { return math.Min(math.Max(v, low), high) }
