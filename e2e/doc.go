// Package e2e tests the program from outside: the built binary, a real S3
// server, a real nginx, real photographs. It has nothing but tests.
package e2e
