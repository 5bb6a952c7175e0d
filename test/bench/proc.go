package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of times in /proc. It is 100 Hz on every architecture that
// Go runs Linux on.
const clockTick = 10 * time.Millisecond

// cpuTime returns the CPU time that a process has used so far, in user mode and in
// the kernel, by all its threads, to 10 ms.
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading a process's CPU time: %w", err)
	}
	return parseStat(stat)
}

// parseStat reads utime and stime, the fields 14 and 15 of /proc/PID/stat.
func parseStat(stat []byte) (time.Duration, error) {
	// The second field is the program's name in parentheses; the name may hold
	// anything, parentheses and spaces too.
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, fmt.Errorf("no program name in %q", stat)
	}
	fields := bytes.Fields(stat[end+1:])
	const utime, stime = 14 - 3, 15 - 3 // the first field here is the third of all
	if len(fields) <= stime {
		return 0, fmt.Errorf("too few fields in %q", stat)
	}
	var ticks uint64
	for _, field := range fields[utime : stime+1] {
		n, err := strconv.ParseUint(string(field), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading the times in %q: %w", stat, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// residentSet returns the bytes of memory that a process has in use now, and the
// most that it ever had.
func residentSet(pid int) (now, peak int64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, fmt.Errorf("reading a process's memory: %w", err)
	}
	if now, err = parseStatus(status, "VmRSS"); err == nil {
		peak, err = parseStatus(status, "VmHWM")
	}
	return now, peak, err
}

// parseStatus returns the bytes of a line of /proc/PID/status such as
// "VmRSS:	   12345 kB".
func parseStatus(status []byte, name string) (int64, error) {
	for line := range bytes.Lines(status) {
		value, ok := bytes.CutPrefix(line, []byte(name+":"))
		if !ok {
			continue
		}
		number, ok := bytes.CutSuffix(bytes.TrimSpace(value), []byte(" kB"))
		if !ok {
			return 0, fmt.Errorf("%s is not in kB: %q", name, line)
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(number)), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading %s: %w", name, err)
		}
		return n << 10, nil
	}
	return 0, fmt.Errorf("there is no %s", name)
}
