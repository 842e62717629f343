//go:build !linux

package main

// pin does nothing: only Linux is asked to keep threads to some processors.
func pin(int) {}
