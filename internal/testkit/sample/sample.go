// Package sample shortens tests: with go test -short, a test of many similar cases runs a
// few of them, always the same ones, and the full run has them all.
package sample

import "testing"

// Every returns all, and in short mode the first of each n, in their order.
func Every[T any](n int, all []T) []T {
	if !testing.Short() {
		return all
	}
	return everyNth(n, all)
}

func everyNth[T any](n int, all []T) []T {
	var some []T
	for i := 0; i < len(all); i += n {
		some = append(some, all[i])
	}
	return some
}

// SkipShort skips a test in short mode, because of why.
func SkipShort(t testing.TB, why string) {
	t.Helper()
	if testing.Short() {
		t.Skipf("not in short mode: it %s", why)
	}
}
