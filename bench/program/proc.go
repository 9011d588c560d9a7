package program

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// CPU is the CPU time so far of a process and its child processes, of those that have
// ended, too (proc(5): utime, stime, cutime and cstime are the fields 14 to 17, in
// hundredths of a second on every Linux of today, and the name in parentheses may have
// spaces).
func CPU(pid int) (time.Duration, error) {
	data, err := os.ReadFile(file(pid, "stat"))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < 15 {
		return 0, fmt.Errorf("%s is too short", file(pid, "stat"))
	}
	sum := time.Duration(0)
	for _, f := range fields[11:15] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * (time.Second / 100)
	}
	for _, child := range Children(pid) {
		used, _ := CPU(child) // it may have ended meanwhile
		sum += used
	}
	return sum, nil
}

// Children are the child processes of a process, also those that have ended and that it
// has not waited for.
func Children(pid int) (pids []int) {
	files, _ := filepath.Glob(file(pid, "task/*/children"))
	for _, f := range files {
		data, _ := os.ReadFile(f) // of a thread that may have ended
		for _, field := range strings.Fields(string(data)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// ResidentMiB is the memory that a process and its child processes have resident
// together. What children share, as programs and libraries, counts once.
func ResidentMiB(pid int) (float64, error) {
	private, shared, err := pages(pid)
	if err != nil {
		return 0, err
	}
	sum, most := private+shared, int64(0)
	for _, child := range Children(pid) {
		private, shared, _ := pages(child) // it may have ended meanwhile
		sum += private
		most = max(most, shared)
	}
	return float64((sum+most)*int64(os.Getpagesize())) / (1 << 20), nil
}

// pages are those of a process alone, and those that others may have, too (proc(5),
// statm).
func pages(pid int) (private, shared int64, err error) {
	data, err := os.ReadFile(file(pid, "statm"))
	if err != nil {
		return 0, 0, err
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(data), &size, &resident, &shared); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", file(pid, "statm"), err)
	}
	return resident - shared, shared, nil
}

// PSSMiB is the proportional set size of a process and its child processes together: what
// several share counts once.
func PSSMiB(pid int) (sum float64, err error) {
	data, err := os.ReadFile(file(pid, "smaps_rollup"))
	if err != nil {
		return 0, err
	}
	_, text, _ := strings.Cut(string(data), "\nPss:")
	var kib float64
	if _, err := fmt.Sscan(text, &kib); err != nil {
		return 0, err
	}
	sum = kib / 1024
	for _, child := range Children(pid) {
		of, _ := PSSMiB(child) // it may have ended meanwhile
		sum += of
	}
	return sum, nil
}

// Meter watches the memory of a process and its child processes.
type Meter struct {
	of   func(pid int) (mib float64, err error)
	peak float64
	stop chan struct{}
	done chan struct{}
}

// meterEvery is how often a Meter looks.
const meterEvery = 10 * time.Millisecond

// Watch starts a Meter of ResidentMiB.
func Watch(pid int) *Meter { return watch(pid, ResidentMiB) }

// WatchPSS starts a Meter of PSSMiB.
func WatchPSS(pid int) *Meter { return watch(pid, PSSMiB) }

func watch(pid int, of func(int) (float64, error)) *Meter {
	m := &Meter{of: of, stop: make(chan struct{}), done: make(chan struct{})}
	go m.run(pid)
	return m
}

func (m *Meter) run(pid int) {
	defer close(m.done)
	tick := time.NewTicker(meterEvery)
	defer tick.Stop()
	for {
		now, _ := m.of(pid) // it may have ended
		m.peak = max(m.peak, now)
		select {
		case <-m.stop:
			return
		case <-tick.C:
		}
	}
}

// PeakMiB ends the watch, and returns the most memory that there was.
func (m *Meter) PeakMiB() float64 {
	close(m.stop)
	<-m.done
	return m.peak
}

func file(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }
