package program

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// CPU is the CPU time of a process so far (proc(5): utime and stime are the
// fields 14 and 15, in hundredths of a second on every Linux of today, and the
// name in parentheses may have spaces).
func CPU(pid int) (time.Duration, error) {
	data, err := os.ReadFile(file(pid, "stat"))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("%s is too short", file(pid, "stat"))
	}
	sum := time.Duration(0)
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * (time.Second / 100)
	}
	return sum, nil
}

// PeakMiB is the most memory that a process had resident so far, or since
// ResetPeak.
func PeakMiB(pid int) (float64, error) { return statusMiB(pid, "VmHWM:") }

// ResidentMiB is the memory that a process has resident.
func ResidentMiB(pid int) (float64, error) { return statusMiB(pid, "VmRSS:") }

// ResetPeak has PeakMiB begin anew (proc(5), clear_refs).
func ResetPeak(pid int) error { return os.WriteFile(file(pid, "clear_refs"), []byte("5"), 0) }

func statusMiB(pid int, field string) (float64, error) {
	f, err := os.Open(file(pid, "status"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), field); ok {
			kilo, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return kilo / 1024, err
		}
	}
	return 0, fmt.Errorf("%s has no %s", file(pid, "status"), field)
}

func file(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }
