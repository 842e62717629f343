//go:build race

package kldivloss

// raceDetector is whether the tests are built with -race.
const raceDetector = true
