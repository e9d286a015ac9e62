package gauge

import (
	"cmp"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// OwnCPU is what this process has spent; zero where it is not told.
func OwnCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// tick is the unit of CPU times in /proc, which Linux shows in hundredths of a second on all its platforms.
const tick = 10 * time.Millisecond

// TreeCPU is what a process and its children have spent, from /proc; zero where there is none.
func TreeCPU(pid int) (spent time.Duration) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	for _, f := range files {
		b, err := os.ReadFile(f) //nolint:gosec // a file of the kernel
		if err != nil {
			continue // it has ended
		}
		_, rest, ok := strings.Cut(string(b), ") ") // past the name, which may hold blanks
		fields := strings.Fields(rest)
		if !ok || len(fields) < 15 || f != "/proc/"+strconv.Itoa(pid)+"/stat" && fields[1] != strconv.Itoa(pid) {
			continue
		}
		for _, n := range fields[11:15] { // user and system time, and those of its ended children
			ticks, err := strconv.Atoi(n)
			if err == nil {
				spent += time.Duration(ticks) * tick
			}
		}
	}
	return spent
}

// Load is the machine's load average over one minute; zero where it is not told.
func Load() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), " ")
	l, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return l
}

// Median is the value in the middle of a list, or between the middle two; 0 of none.
func Median(list []float64) float64 {
	list = slices.SortedFunc(slices.Values(list), cmp.Compare)
	n := len(list)
	if n == 0 {
		return 0
	}
	return (list[(n-1)/2] + list[n/2]) / 2
}

// CPUModel names the processor; the architecture where it is not told.
func CPUModel() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimLeft(strings.TrimSpace(name), ": \t")
		}
	}
	return runtime.GOARCH
}

// Peak is the most memory that this process ever had, by the kernel's count; 0 where it does not tell.
func Peak() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
