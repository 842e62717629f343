package main

import (
	"math"
	"math/rand/v2"
)

// bound returns the mean of
//
//	−ln 1/m Σ_k p(x|z_k)·p(z_k)/q(z_k|x),  z_k ~ q(z|x)
//
// over the images, nats: an upper bound of −ln p(x) that m samples make tighter than
// the −ELBO, which is its mean for m = 1.
// Burda, Grosse, Salakhutdinov, "Importance weighted autoencoders", 2016.
func (e *evaluator) bound(im images, samples int, rng *rand.Rand, each func()) (float64, error) {
	total := 0.0
	for from := 0; from < im.count(); from += e.batch {
		size := min(e.batch, im.count()-from)
		posterior, _, err := e.encode(im[from*imageSize : (from+size)*imageSize])
		if err != nil {
			return 0, err
		}
		weights := make([]logSum, e.batch)
		for range samples {
			e.draw(posterior, rng)
			_, perImage, err := e.decode()
			if err != nil {
				return 0, err
			}
			for i := range size {
				weights[i].add(e.model.latent.LogWeight(e.code(i), e.posteriorOf(posterior, i)) - float64(perImage[i]))
			}
		}
		for i := range size {
			total -= weights[i].value() - math.Log(float64(samples))
			each()
		}
	}
	return total / float64(im.count()), nil
}

// logSum is the logarithm of a sum of exponentials, none of which overflows. The zero
// value is an empty sum.
type logSum struct {
	largest, scaled float64 // Σ exp(x − largest)
	started         bool
}

func (s *logSum) add(x float64) {
	if !s.started || x > s.largest {
		s.scaled *= math.Exp(s.largest - x)
		s.largest, s.started = x, true
	}
	s.scaled += math.Exp(x - s.largest)
}

func (s *logSum) value() float64 { return s.largest + math.Log(s.scaled) }
