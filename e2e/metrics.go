package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// Metric reads a metric from the admin listener.
func (s *Server) Metric(t *testing.T, name string) float64 {
	t.Helper()
	value, ok := s.MetricIfAny(t, name)
	if !ok {
		t.Fatalf("no metric %s", name)
	}
	return value
}

// MetricIfAny reads a metric that may be missing until something is counted.
func (s *Server) MetricIfAny(t *testing.T, name string) (value float64, ok bool) {
	t.Helper()
	scan := bufio.NewScanner(bytes.NewReader(Get(t, s.Admin+"/metrics").Body))
	for scan.Scan() {
		if rest, ok := strings.CutPrefix(scan.Text(), name+" "); ok {
			if _, err := fmt.Sscan(rest, &value); err != nil {
				t.Fatal(err)
			}
			return value, true
		}
	}
	return 0, false
}

// AwaitMetric waits until a metric is at least that high.
func (s *Server) AwaitMetric(t *testing.T, name string, atLeast float64) {
	t.Helper()
	Eventually(t, fmt.Sprintf("%s is %v", name, atLeast), func() bool {
		got, ok := s.MetricIfAny(t, name)
		return ok && got >= atLeast
	})
}

// Total is the sum of a metric over its labels.
func (s *Server) Total(t *testing.T, name string) (sum float64) {
	t.Helper()
	for lines := bufio.NewScanner(bytes.NewReader(Get(t, s.Admin+"/metrics").Body)); lines.Scan(); {
		rest, found := strings.CutPrefix(lines.Text(), name)
		if !found || !strings.HasPrefix(rest, "{") && !strings.HasPrefix(rest, " ") {
			continue
		}
		var value float64
		if _, err := fmt.Sscan(rest[strings.LastIndexByte(rest, ' '):], &value); err != nil {
			t.Fatal(err)
		}
		sum += value
	}
	return sum
}

// PeakMiB is the peak of the program's resident memory.
func (s *Server) PeakMiB(t *testing.T) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Cmd.Process.Pid))
	if err != nil {
		t.Skip("there is no /proc here")
	}
	for line := range strings.Lines(string(status)) {
		var kB float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kB); n == 1 {
			return kB / 1024
		}
	}
	t.Fatal("no VmHWM")
	return 0
}
