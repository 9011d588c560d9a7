//go:build !linux

package walls

import "errors"

// Build puts up no walls: this system has none of them.
func Build(Limits) (all []Wall) {
	for _, name := range []string{OOM, Landlock, Rlimits, Seccomp, NoNewPrivs} {
		all = append(all, wall(name, errors.New("only on Linux")))
	}
	return all
}
