package main

import (
	"fmt"
	"io"
	"math"

	"github.com/kldivloss/kldivloss/internal/progress"
	"github.com/pkg/errors"
)

// experiment trains and evaluates as o says. Results go to stdout, the progress bar
// to stderr.
func experiment(o options, stdout, stderr io.Writer) (err error) {
	train, test, err := loadImages(o.data)
	if err != nil {
		return err
	}
	train = train.first(o.limit)
	if train.count() < batchSize {
		return errors.Errorf("%d training images, expected at least one batch of %d", train.count(), batchSize)
	}
	binaryTest := binarised(test)

	model := newVAE(fashionArchitecture, newRand(o.seed, streamWeights))
	trainer, err := newTrainer(model, train, o.seed)
	if err != nil {
		return err
	}
	defer closing(trainer, &err)
	evaluator, err := newEvaluator(model, batchSize)
	if err != nil {
		return err
	}
	defer closing(evaluator, &err)
	report, err := newReport(stdout, o.out, model.architecture)
	if err != nil {
		return err
	}
	defer closing(report, &err)

	if err := report.start(train.count(), test.count(), baseline(train, binaryTest)); err != nil {
		return err
	}
	for epoch := 1; epoch <= o.epochs; epoch++ {
		bar := progress.New(stderr, trainer.steps(), fmt.Sprintf("epoch %d/%d", epoch, o.epochs))
		trained, err := trainer.epoch(bar.Step)
		if err != nil {
			return errors.WithMessagef(err, "epoch %d", epoch)
		}
		// The same latent noise after every epoch: the figures differ by the model only.
		tested, err := evaluator.evaluate(binaryTest, newRand(testSetSeed, streamEvaluation))
		if err != nil {
			return errors.WithMessagef(err, "evaluation after epoch %d", epoch)
		}
		if math.IsNaN(tested.negELBO()) || math.IsInf(tested.negELBO(), 0) {
			return errors.Errorf("training diverged in epoch %d: test -ELBO is %v", epoch, tested.negELBO())
		}
		if err := report.epoch(epoch, o.epochs, trained, tested); err != nil {
			return err
		}
	}
	if o.out == "" {
		return nil
	}
	return writePictures(o.out, evaluator, test, binaryTest)
}

// closing closes c on the way out and reports its error unless there is one already.
func closing(c io.Closer, err *error) {
	if closeErr := c.Close(); closeErr != nil && *err == nil {
		*err = closeErr
	}
}
