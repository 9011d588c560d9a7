package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// suffixes are libvips' options for what the server writes by default.
var suffixes = map[string]string{"": ".jpg[Q=80,strip,optimize-coding]", ",f_webp": ".webp[Q=79,strip]"}

// encoders measures what the encoder alone takes for each size of a photograph, in
// CPU milliseconds, by its options.
func (s *setup) encoders(p photo) (map[string]float64, error) {
	helper, err := s.helper()
	if err != nil {
		return nil, err
	}
	dir, took := s.t.TempDir(), map[string]float64{}
	for _, width := range widths {
		scaled := filepath.Join(dir, fmt.Sprint(width, ".png"))
		if err := command("vipsthumbnail", p.file, "--size", fmt.Sprint(width, "x100000"), "-o", scaled+"[compression=1,strip]"); err != nil {
			return nil, err
		}
		for format, suffix := range suffixes {
			options := fmt.Sprintf("%dx%s", width, format)
			if took[options], err = encode(helper, scaled, suffix); err != nil {
				return nil, err
			}
		}
	}
	return took, nil
}

// helper compiles the program that encodes a picture over and over.
func (s *setup) helper() (string, error) {
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "vips").Output()
	if err != nil {
		return "", fmt.Errorf("pkg-config: %w", err)
	}
	binary := filepath.Join(s.t.TempDir(), "pixels")
	return binary, command("cc", append([]string{"-O2", "-o", binary, "bench/quality/c/pixels.c"}, strings.Fields(string(flags))...)...)
}

func encode(helper, file, suffix string) (millis float64, err error) {
	out, err := exec.Command(helper, "encode", file, suffix, file+".out", "5").CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", suffix, err, out)
	}
	_, err = fmt.Sscan(string(out), &millis)
	return millis, err
}
