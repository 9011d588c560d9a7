// Package e2e runs the program from outside: the built binary, a real S3 server, a real
// nginx. It has what the tests in its subdirectories share: serve is about answers,
// proxy about the servers in front, and faults about what breaks.
package e2e
