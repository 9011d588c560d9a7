package worker_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/resize/engine"
)

// BenchmarkStart is what a new worker costs until it is ready.
func BenchmarkStart(b *testing.B) {
	for name, formats := range map[string]engine.Config{"default": {}, "all": setUp().Engine} {
		b.Run(name, func(b *testing.B) {
			var cpu time.Duration
			var kb [3]float64
			for b.Loop() {
				s := setUp()
				s.Engine = formats
				c := start(b, s)
				b.StopTimer()
				for i, v := range memoryOf(b, c.cmd.Process.Pid) {
					kb[i] = v
				}
				c.stop()
				cpu += c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime()
				b.StartTimer()
			}
			b.ReportMetric(float64(cpu.Microseconds())/1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(kb[0]/1024, "rss-MiB")
			b.ReportMetric(kb[1]/1024, "pss-MiB")
			b.ReportMetric(kb[2]/1024, "own-MiB")
		})
	}
}

// memoryOf is the resident memory of a process, its share of it, and what is its alone, in kB.
func memoryOf(tb testing.TB, pid int) (kb [3]float64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		v, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "Rss:":
			kb[0] = v
		case "Pss:":
			kb[1] = v
		case "Private_Dirty:":
			kb[2] = v
		}
	}
	return kb
}
