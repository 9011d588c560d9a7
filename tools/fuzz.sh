#!/bin/sh
# Fuzzes every parser for a time, two at once with a worker each: on a machine with
# two CPUs that is as much fuzzing as one at a time, and half of the waiting.
#
#     tools/fuzz.sh 10s
set -eu
cd "$(dirname "$0")/.."
export FUZZTIME="$1"
grep -rn --include='*_test.go' --exclude-dir=bench -o '^func Fuzz[A-Za-z0-9]*' . |
	sed 's|/[^/]*:[0-9]*:func | |' |
	xargs -n 2 -P 2 sh -c '
		out=$(go test -run "^$" -fuzz "^$1\$" -fuzztime "$FUZZTIME" -parallel 1 "$0" 2>&1) || { echo "$out"; echo "$0 $1 failed"; exit 255; }
		echo "$0 $1: $(echo "$out" | grep -o "execs: [0-9]*" | tail -n 1)"'
