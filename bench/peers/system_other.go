//go:build !linux

package main

// pin does nothing: only Linux is asked to keep threads to some processors.
func pin(int) {}

// pageFaults is 0 where nothing counts them.
func pageFaults() int64 { return 0 }
