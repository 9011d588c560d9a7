// Steps is for the tests of package failpoint.
package main

import (
	"fmt"
	"os"

	"github.com/thumbery/thumbery/internal/failpoint"
)

func main() {
	for range 10 {
		failpoint.Reach("step")
		fmt.Fprintln(os.Stderr, "a step")
	}
}
