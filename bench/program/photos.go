package program

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Photographs fetches real photographs if they are not there, and returns their
// files. To be called at the repository's root.
func Photographs() ([]string, error) {
	if out, err := exec.Command("tools/photos.sh").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("tools/photos.sh: %w: %s", err, out)
	}
	photos, err := filepath.Glob(".photos/*.jpg")
	if err == nil && len(photos) == 0 {
		err = errors.New("there are no photographs in .photos")
	}
	return photos, err
}
