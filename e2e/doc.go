// Package e2e runs the program from outside: the built binary, a real S3 server, a real
// nginx. It has what the tests in its subdirectories share: serve is about answers,
// proxy about the servers in front, cluster about several nodes, faults about what breaks, and
// page about the page for people.
package e2e
