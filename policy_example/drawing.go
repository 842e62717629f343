package main

import "math"

func drawCartPole(s *scene, state []float64) {
	s.look(point{0, 0.55}, 5.2)
	s.line(inkGrey, 2, point{-cartPoleTrack, 0}, point{cartPoleTrack, 0})
	for _, end := range []float64{-cartPoleTrack, cartPoleTrack} {
		s.line(inkGrey, 2, point{end, -0.08}, point{end, 0.08})
	}
	x, angle := state[0], state[2]
	pivot := point{x, 0.12}
	const length = 2 * cartPoleHalfLength
	s.box(inkDark, point{x - 0.25, -0.12}, point{x + 0.25, 0.12})
	s.line(inkOrange, 9, pivot, point{x + length*math.Sin(angle), pivot.y + length*math.Cos(angle)})
	s.disc(inkTeal, pivot, 5)
}

func drawAcrobot(s *scene, state []float64) {
	s.look(point{0, 0}, 6.6)
	s.line(inkGrey, 2, point{-2.6, 1}, point{2.6, 1}) // the height to reach
	pivot := point{0, 0}
	joint := point{math.Sin(state[0]), -math.Cos(state[0])}
	angle := state[0] + state[1]
	end := point{joint.x + math.Sin(angle), joint.y - math.Cos(angle)}
	s.line(inkDark, 10, pivot, joint)
	s.line(inkTeal, 10, joint, end)
	for _, p := range []point{pivot, joint, end} {
		s.disc(inkOrange, p, 6)
	}
}

func drawMountainCar(s *scene, state []float64) {
	s.look(point{-0.3, 0.55}, 2)
	height := func(x float64) float64 { return 0.45*math.Sin(3*x) + 0.55 }
	const parts = 90
	hill := make([]point, parts+1)
	for i := range hill {
		x := mountainCarLeft + (mountainCarRight-mountainCarLeft)*float64(i)/parts
		hill[i] = point{x, height(x)}
	}
	s.line(inkDark, 2, hill...)
	foot := point{mountainCarFlag, height(mountainCarFlag)}
	top := point{foot.x, foot.y + 0.2}
	s.line(inkGrey, 2, foot, top)
	s.polygon(inkOrange, top, point{top.x + 0.1, top.y - 0.035}, point{top.x, top.y - 0.07})

	// The car's own axes: along the slope and away from it.
	x := state[0]
	slope := 3 * 0.45 * math.Cos(3*x)
	norm := math.Hypot(1, slope)
	on := func(along, up float64) point {
		return point{x + (along-up*slope)/norm, height(x) + (along*slope+up)/norm}
	}
	s.polygon(inkTeal, on(-0.07, 0.025), on(0.07, 0.025), on(0.05, 0.085), on(-0.05, 0.085))
	s.disc(inkDark, on(-0.04, 0.022), 5)
	s.disc(inkDark, on(0.04, 0.022), 5)
}
