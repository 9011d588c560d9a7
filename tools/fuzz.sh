#!/bin/sh
# Fuzzes every parser for a time, two at once with a worker each: on a machine with
# two CPUs that is as much fuzzing as one at a time, and half of the waiting.
#
#     tools/fuzz.sh 10s
#
# Inputs are not minimized: minimizing one may take all of the time, and go test then
# reports the end of the time as a failure ("context deadline exceeded") now and then.
# A failure that is one has an input, which is written to testdata.
set -eu
cd "$(dirname "$0")/.."
export FUZZTIME="$1"
grep -rn --include='*_test.go' --exclude-dir=bench -o '^func Fuzz[A-Za-z0-9]*' . |
	sed 's|/[^/]*:[0-9]*:func | |' |
	xargs -n 2 -P 2 sh -c '
		if ! out=$(go test -run "^$" -fuzz "^$1\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 1x -parallel 1 "$0" 2>&1); then
			case "$out" in
			*"Failing input"*) failed=yes ;;
			*"context deadline exceeded"*) failed= ;;
			*) failed=yes ;;
			esac
			[ -z "$failed" ] || { echo "$out"; echo "$0 $1 failed"; exit 255; }
		fi
		echo "$0 $1: $(echo "$out" | grep -o "execs: [0-9]*" | tail -n 1)"'
