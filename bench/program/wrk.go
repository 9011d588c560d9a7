package program

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// WrkConnections is how many clients ask at once.
const WrkConnections = 32

// Answered holds the results that wrk prints.
type Answered struct{ Requests, Rate float64 }

var (
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
	wrkRate     = regexp.MustCompile(`Requests/sec:\s*([\d.]+)`)
)

// HasWrk reports that wrk is installed.
func HasWrk() bool {
	_, err := exec.LookPath("wrk")
	return err == nil
}

// Wrk asks for url as often as it can for so many seconds. An answer that is not a
// success is an error.
func Wrk(seconds int, url string, args ...string) (Answered, error) {
	args = append([]string{"-t1", "-c" + strconv.Itoa(WrkConnections), "-d" + strconv.Itoa(seconds) + "s"}, args...)
	out, err := exec.Command("wrk", append(args, url)...).CombinedOutput()
	if err != nil {
		return Answered{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	return parseWrk(string(out))
}

func parseWrk(said string) (a Answered, err error) {
	requests, rate := wrkRequests.FindStringSubmatch(said), wrkRate.FindStringSubmatch(said)
	if strings.Contains(said, "Non-2xx") || strings.Contains(said, "Socket errors") || requests == nil || rate == nil {
		return a, fmt.Errorf("wrk: %s", said)
	}
	if a.Requests, err = strconv.ParseFloat(requests[1], 64); err == nil {
		a.Rate, err = strconv.ParseFloat(rate[1], 64)
	}
	return a, err
}
