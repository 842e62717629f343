package kldivloss

// Gorgonia v0.9.18 asks for a 2022 release of this package, which panics at
// init on every Go released since. Importing it here keeps the working release
// a direct requirement, so minimal version selection repairs Gorgonia for this
// module and for every module that depends on it.
import _ "go4.org/unsafe/assume-no-moving-gc"
