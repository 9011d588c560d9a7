#!/bin/sh
# Makes the progressive JPEGs of this directory with the tools of libjpeg-turbo, of one of
# the pictures in testdata/photos: the same small picture in many scripts of scans.
set -eu
cd "$(dirname "$0")"
t=$(mktemp -d)
trap 'rm -r "$t"' EXIT
djpeg -scale 1/8 -outfile "$t/whole.ppm" ../../../testdata/photos/cat.jpg
convert "$t/whole.ppm" -crop 101x75+40+60 +repage "$t/p.ppm"
q=85

make() { # NAME SCRIPT [OPTION…]
	name=$1
	printf '%s' "$2" >"$t/script"
	shift 2
	cjpeg -quality $q "$@" -scans "$t/script" -outfile "$name.jpg" "$t/p.ppm"
}
plain() { # NAME [OPTION…]
	name=$1
	shift
	cjpeg -quality $q -progressive "$@" -outfile "$name.jpg" "$t/p.ppm"
}

plain 420 -sample 2x2
plain 422 -sample 2x1
plain 440 -sample 1x2
plain 444 -sample 1x1
plain 411 -sample 4x1
plain 410 -sample 4x2
plain grey -grayscale
plain rgb -rgb
plain restarts -restart 7B
for step in 2 3 5; do # three tables
	for i in $(seq 64); do echo $((step + i * step / 16)); done
done >"$t/tables"
plain tables -qtables "$t/tables" -qslots 0,1,2
plain arithmetic -arithmetic
cjpeg -quality $q -outfile baseline.jpg "$t/p.ppm"

# As mozjpeg writes them.
make mozjpeg '0: 0-0, 0, 0; 1,2: 0-0, 0, 0;
0: 1-8, 0, 2; 1: 1-8, 0, 0; 2: 1-8, 0, 0;
0: 9-63, 0, 2; 0: 1-63, 2, 1; 0: 1-63, 1, 0; 1: 9-63, 0, 0; 2: 9-63, 0, 0;'
make spectral '0,1,2: 0-0, 0, 0;
0: 1-2, 0, 0; 0: 3-9, 0, 0; 0: 10-30, 0, 0; 0: 31-63, 0, 0;
1: 1-5, 0, 0; 1: 6-63, 0, 0; 2: 1-63, 0, 0;'
make successive '0,1,2: 0-0, 0, 2; 0,1,2: 0-0, 2, 1;
0: 1-63, 0, 4; 1: 1-63, 0, 3; 2: 1-63, 0, 3; 0: 1-63, 4, 3; 0: 1-63, 3, 2; 1: 1-63, 3, 2; 2: 1-63, 3, 2;
0: 1-63, 2, 1; 1: 1-63, 2, 1; 2: 1-63, 2, 1; 0,1,2: 0-0, 1, 0;
0: 1-63, 1, 0; 1: 1-63, 1, 0; 2: 1-63, 1, 0;'
# Two components that have the same table, and other point transforms.
make split '0,1,2: 0-0, 0, 0;
0: 1-63, 0, 1; 1: 1-63, 0, 0; 2: 1-63, 0, 3; 2: 1-63, 3, 2; 2: 1-63, 2, 1; 0: 1-63, 1, 0; 2: 1-63, 1, 0;'
# A first pass some of whose coefficients are refined without others.
make crossed '0,1,2: 0-0, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;
0: 1-63, 0, 3; 0: 1-5, 3, 2; 0: 6-63, 3, 2; 0: 1-63, 2, 1; 0: 1-63, 1, 0;'
# Some coefficients are never given exactly, others not at all.
make coarse '0,1,2: 0-0, 0, 0; 0: 1-63, 0, 1; 1: 1-63, 0, 0; 2: 1-63, 0, 0;'
make partial '0,1,2: 0-0, 0, 0; 0: 1-9, 0, 0; 1: 1-9, 0, 0; 2: 1-9, 0, 0;'

jpegtran -progressive -crop 96x64+16+16 -outfile cmyk.jpg ../../../testdata/odd/cmyk.jpg
jpegtran -progressive -crop 96x64+16+16 -outfile ycck.jpg ../../../testdata/odd/ycck.jpg
