package main

import (
	"math/rand/v2"

	"github.com/kldivloss/kldivloss"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// evaluation is a set's mean −ELBO, nats an image, z one sample of q(z|x): a hard,
// one-hot one where latents are categorical.
type evaluation struct {
	ELBO
	LatentKL []float64 // of each latent
}

// evaluator runs a vae forward only, on graphs that share its parameters: one for the
// encoder and one for the decoder, because between the two it draws latents that have
// no derivative. The relaxed samples that training uses carry more information than a
// category can, so their ELBO is too good: by 8 to 16 nats for the categorical model.
type evaluator struct {
	model               *vae[float32]
	batch               int
	x, z, target        []float32 // inputs
	posterior, latentKL G.Value   // what the encoder gives
	logits, perImage    G.Value   // what the decoder gives
	encoding, decoding  G.VM
}

func newEvaluator(v *vae[float32], batch int) (*evaluator, error) {
	e := &evaluator{
		model: v, batch: batch,
		x: make([]float32, batch*v.pixels), z: make([]float32, batch*v.latent.CodeWidth()), target: make([]float32, batch*v.pixels),
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
	n := newNetwork(e.model, e.batch)
	posterior, err := n.encode(n.input("x", e.x, e.batch, e.model.pixels))
	if err != nil {
		return err
	}
	latentKL, err := e.model.latent.Divergence(n, posterior, kldivloss.ReductionPerDistribution)
	if err != nil {
		return err
	}
	G.Read(posterior, &e.posterior)
	G.Read(latentKL, &e.latentKL)
	e.encoding = G.NewTapeMachine(n.graph)
	return nil
}

func (e *evaluator) buildDecoder() error {
	n := newNetwork(e.model, e.batch)
	logits, err := n.decode(n.input("z", e.z, e.batch, e.model.latent.CodeWidth()))
	if err != nil {
		return err
	}
	perImage, err := n.reconstruction(logits, n.input("x", e.target, e.batch, e.model.pixels))
	if err != nil {
		return err
	}
	G.Read(logits, &e.logits)
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

// evaluate returns the mean −ELBO of images, one latent sample an image.
func (e *evaluator) evaluate(im images, rng *rand.Rand) (evaluation, error) {
	result := evaluation{LatentKL: make([]float64, e.model.Latents)}
	for from := 0; from < im.count(); from += e.batch {
		size := min(e.batch, im.count()-from)
		posterior, latentKL, err := e.encode(im[from*imageSize : (from+size)*imageSize])
		if err != nil {
			return evaluation{}, err
		}
		for i, k := range latentKL[:size*e.model.Latents] {
			result.LatentKL[i%e.model.Latents] += float64(k)
		}
		e.draw(posterior, rng)
		_, perImage, err := e.decode()
		if err != nil {
			return evaluation{}, err
		}
		for _, nats := range perImage[:size] {
			result.Reconstruction += float64(nats)
		}
	}
	// Sums in float64, divided at the end: the last batch may be a short one.
	count := float64(im.count())
	result.Reconstruction /= count
	for i := range result.LatentKL {
		result.LatentKL[i] /= count
		result.KL += result.LatentKL[i]
	}
	return result, nil
}

// encode returns the posteriors' parameters and each latent's KL for up to a batch of
// images; rows past the last image hold no meaning.
func (e *evaluator) encode(im images) (posterior, latentKL []float32, err error) {
	brightness(e.x, im)
	copy(e.target, e.x)
	if err := e.encoding.RunAll(); err != nil {
		return nil, nil, errors.Wrap(err, "running the encoder")
	}
	// The next run overwrites what Read gives.
	posterior = append(posterior, e.posterior.Data().([]float32)...)
	latentKL = append(latentKL, e.latentKL.Data().([]float32)...)
	e.encoding.Reset()
	return posterior, latentKL, nil
}

// draw makes the decoder's latents samples of a batch of posteriors, or without a
// generator the likeliest.
func (e *evaluator) draw(posterior []float32, rng *rand.Rand) {
	for i := range e.batch {
		e.model.latent.Draw(e.code(i), e.posteriorOf(posterior, i), rng)
	}
}

// code is image i's latents.
func (e *evaluator) code(i int) []float32 {
	width := e.model.latent.CodeWidth()
	return e.z[i*width : (i+1)*width]
}

func (e *evaluator) posteriorOf(posterior []float32, i int) []float32 {
	width := e.model.latent.PosteriorWidth()
	return posterior[i*width : (i+1)*width]
}

// decode returns the pixels' logits and each image's −ln p(x|z), x being the images last
// encoded.
func (e *evaluator) decode() (logits, perImage []float32, err error) {
	if err := e.decoding.RunAll(); err != nil {
		return nil, nil, errors.Wrap(err, "running the decoder")
	}
	logits = append(logits, e.logits.Data().([]float32)...)
	perImage = append(perImage, e.perImage.Data().([]float32)...)
	e.decoding.Reset()
	return logits, perImage, nil
}
