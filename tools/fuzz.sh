#!/bin/sh
# Fuzzes every parser for a time, two packages at once with a worker each: on a machine with
# two CPUs that is as much fuzzing as one at a time, and half of the waiting.
#
#     tools/fuzz.sh 10s
#
# Each package is built once, and only our own code is instrumented: go test -fuzz links
# a program for each parser, and compiles the standard library and all vendors anew.
#
# Inputs are not minimized: minimizing one may take all of the time, and the program then
# reports the end of the time as a failure ("context deadline exceeded") now and then.
# A failure that is one has an input, which is written to testdata.
set -eu
cd "$(dirname "$0")/.."
export FUZZTIME="$1"
MODULE=$(go list -m)
CORPUS=$(go env GOCACHE)/fuzz/$MODULE
WORK=$(mktemp -d)
export MODULE CORPUS WORK
trap 'rm -rf "$WORK"' EXIT
# A line for each package, with its parsers; those with most come first.
grep -rn --include='*_test.go' --exclude-dir=bench -o '^func Fuzz[A-Za-z0-9]*' . |
	sed 's|/[^/]*:[0-9]*:func | |' |
	awk '{ n[$1]++; all[$1] = all[$1] " " $2 } END { for (p in n) print n[p], p all[p] }' | sort -rn | cut -d ' ' -f 2- |
	xargs -L 1 -P 2 sh -c '
		package=$1
		shift
		program=$WORK/$(echo "$package" | tr / _)
		go test -c -vet=off -gcflags="$MODULE/...=-d=libfuzzer" -o "$program" "$package" || exit 255
		for parser; do
			if ! out=$(cd "$package" && "$program" -test.run "^$" -test.fuzz "^$parser\$" -test.fuzztime "$FUZZTIME" \
				-test.fuzzminimizetime 1x -test.parallel 1 -test.fuzzcachedir "$CORPUS/$package" 2>&1); then
				case "$out" in
				*"Failing input"*) failed=yes ;;
				*"context deadline exceeded"*) failed= ;;
				*) failed=yes ;;
				esac
				[ -z "$failed" ] || { echo "$out"; echo "$package $parser failed"; exit 255; }
			fi
			echo "$package $parser: $(echo "$out" | grep -o "execs: [0-9]*" | tail -n 1)"
		done' sh
