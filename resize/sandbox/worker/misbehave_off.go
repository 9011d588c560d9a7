//go:build !failpoints || !linux

package worker

// misbehave is for tests.
func misbehave(*conn, []byte, []int) {}
