// Package sample shortens tests of many similar cases: with go test -short, and with the race
// detector, they run a few of them, always the same ones. make test runs all of them
// without the race detector, with which they would take much longer: it finds no more in a
// thousand pictures than in a hundred.
package sample

import "testing"

// Every returns all; in short mode and with the race detector it returns the first of each n,
// in their order.
func Every[T any](n int, all []T) []T {
	if !Only() {
		return all
	}
	return everyNth(n, all)
}

// Only reports whether a test is to run only a sample of its cases.
func Only() bool { return race || testing.Short() }

func everyNth[T any](n int, all []T) []T {
	var some []T
	for i := 0; i < len(all); i += n {
		some = append(some, all[i])
	}
	return some
}

// Skip skips a test where only samples run, because of why.
func Skip(t testing.TB, why string) {
	t.Helper()
	if Only() {
		t.Skipf("not in short mode, nor with the race detector: it %s", why)
	}
}
