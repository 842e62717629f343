package main

import (
	"math/rand/v2"

	"github.com/kldivloss/kldivloss"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// evaluation is a set's mean −ELBO in its parts, nats an image.
type evaluation struct {
	reconstruction float64   // −ln p(x|z), z one hard sample of q(z|x)
	latentKL       []float64 // KL(q(z_i|x) ‖ uniform) of each latent i
}

func (e evaluation) kl() float64 {
	sum := 0.0
	for _, k := range e.latentKL {
		sum += k
	}
	return sum
}

func (e evaluation) negELBO() float64 { return e.reconstruction + e.kl() }

// evaluator runs a vae forward only, on graphs that share its weights: one for the
// encoder and one for the decoder, because between the two it draws hard, one-hot
// latents. The relaxed samples that training uses carry more information than a
// category can, so their ELBO is too good: by 8 to 16 nats for this model.
type evaluator struct {
	*vae
	batch                 int
	x, z, target          *tensor.Dense // inputs
	logits, latentKL      G.Value       // what the encoder gives
	pixelLogits, perImage G.Value       // what the decoder gives
	encoding, decoding    G.VM
}

func newEvaluator(v *vae, batch int) (*evaluator, error) {
	e := &evaluator{
		vae:    v,
		batch:  batch,
		x:      zeros(v.dtype, batch, v.pixels),
		z:      zeros(v.dtype, batch, v.latents, v.classes),
		target: zeros(v.dtype, batch, v.pixels),
	}
	if err := e.buildEncoder(); err != nil {
		return nil, errors.WithMessage(err, "building the evaluation's encoder")
	}
	if err := e.buildDecoder(); err != nil {
		return nil, errors.WithMessage(err, "building the evaluation's decoder")
	}
	return e, nil
}

func (e *evaluator) buildEncoder() error {
	n := newNetwork(e.vae, e.batch)
	logits, err := n.encode(n.input("x", e.x))
	if err != nil {
		return err
	}
	latentKL, err := n.klFromPrior(logits, kldivloss.ReductionPerDistribution)
	if err != nil {
		return err
	}
	G.Read(logits, &e.logits)
	G.Read(latentKL, &e.latentKL)
	e.encoding = G.NewTapeMachine(n.graph)
	return nil
}

func (e *evaluator) buildDecoder() error {
	n := newNetwork(e.vae, e.batch)
	pixelLogits, err := n.decode(n.input("z", e.z))
	if err != nil {
		return err
	}
	perImage, err := n.reconstruction(pixelLogits, n.input("x", e.target))
	if err != nil {
		return err
	}
	G.Read(pixelLogits, &e.pixelLogits)
	G.Read(perImage, &e.perImage)
	e.decoding = G.NewTapeMachine(n.graph)
	return nil
}

func (e *evaluator) Close() error {
	err := e.encoding.Close()
	if decodingErr := e.decoding.Close(); err == nil {
		err = decodingErr
	}
	return err
}

// evaluate returns the mean −ELBO of binary images, one latent sample an image.
func (e *evaluator) evaluate(im images, rng *rand.Rand) (evaluation, error) {
	result := evaluation{latentKL: make([]float64, e.latents)}
	for from := 0; from < im.count(); from += e.batch {
		size := min(e.batch, im.count()-from)
		logits, latentKL, err := e.encodeImages(im[from*imageSize : (from+size)*imageSize])
		if err != nil {
			return evaluation{}, err
		}
		for i, k := range latentKL[:size*e.latents] {
			result.latentKL[i%e.latents] += float64(k)
		}
		_, perImage, err := e.decodeLatents(e.sample(logits, rng))
		if err != nil {
			return evaluation{}, err
		}
		for _, nats := range perImage[:size] {
			result.reconstruction += float64(nats)
		}
	}
	// Sums in float64, divided at the end: the last batch may be a short one.
	count := float64(im.count())
	result.reconstruction /= count
	for i := range result.latentKL {
		result.latentKL[i] /= count
	}
	return result, nil
}

// encodeImages returns the posterior's logits and each latent's KL for up to a batch
// of binary images; rows past the last image hold no meaning.
func (e *evaluator) encodeImages(im images) (logits, latentKL []float32, err error) {
	x := e.x.Data().([]float32)
	for i, b := range im {
		x[i] = float32(b) / 255
	}
	copy(e.target.Data().([]float32), x)
	if err := e.encoding.RunAll(); err != nil {
		return nil, nil, errors.Wrap(err, "running the encoder")
	}
	// The next run overwrites what Read gives.
	logits = append(logits, e.logits.Data().([]float32)...)
	latentKL = append(latentKL, e.latentKL.Data().([]float32)...)
	e.encoding.Reset()
	return logits, latentKL, nil
}

// sample draws a hard class for every latent from the posterior with these logits,
// by the Gumbel-max trick. Without a generator it takes the likeliest class.
func (e *evaluator) sample(logits []float32, rng *rand.Rand) []int {
	classes := make([]int, len(logits)/e.classes)
	for i := range classes {
		best := 0.0
		for c, l := range logits[i*e.classes : (i+1)*e.classes] {
			score := float64(l)
			if rng != nil {
				score += gumbelNoise(rng)
			}
			if c == 0 || score > best {
				classes[i], best = c, score
			}
		}
	}
	return classes
}

// decodeLatents returns the pixels' logits and each image's −ln p(x|z) for a batch of
// latent classes, x being the images last encoded.
func (e *evaluator) decodeLatents(classes []int) (pixelLogits, perImage []float32, err error) {
	z := e.z.Data().([]float32)
	clear(z)
	for i, c := range classes {
		z[i*e.classes+c] = 1
	}
	if err := e.decoding.RunAll(); err != nil {
		return nil, nil, errors.Wrap(err, "running the decoder")
	}
	pixelLogits = append(pixelLogits, e.pixelLogits.Data().([]float32)...)
	perImage = append(perImage, e.perImage.Data().([]float32)...)
	e.decoding.Reset()
	return pixelLogits, perImage, nil
}
