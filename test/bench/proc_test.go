package main

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// stat is the line of a program whose name is the given one, with 1234 ticks in
// user mode and 56 in the kernel.
func stat(name string) string {
	return "4242 (" + name + ") S 1 4242 4242 0 -1 4194560 9351 0 12 0 1234 56 7 8 20 0 9 0 123456 1300000000 5000 18446744073709551615\n"
}

func TestTheTimesOfAProcessAreThoseInUserModeAndInTheKernel(t *testing.T) {
	for _, name := range []string{"latchkey", "a b", "odd) S 9 9 (name", ""} {
		got, err := parseStat([]byte(stat(name)))
		if want := 12_900 * time.Millisecond; err != nil || got != want {
			t.Errorf("%q: got %s, %v; want %s", name, got, err, want)
		}
	}
}

func TestWhatIsNoStatIsRefused(t *testing.T) {
	for _, text := range []string{"", "4242 latchkey S", "4242 (latchkey) S 1 2 3", strings.Replace(stat("x"), " 56 ", " -5 ", 1)} {
		if got, err := parseStat([]byte(text)); err == nil {
			t.Errorf("%q gave %s", text, got)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte(stat("latchkey")))
	f.Add([]byte(")"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if d, err := parseStat(text); err != nil && d != 0 {
			t.Errorf("%s beside %v", d, err)
		}
	})
}

func TestMemoryIsReadByItsName(t *testing.T) {
	const status = "Name:\tlatchkey\nVmPeak:\t 2000 kB\nVmHWM:\t   64 kB\nVmRSS:\t   12 kB\nRssAnon:\t 5 kB\nThreads:\t9\n"
	if got, err := parseStatus([]byte(status), "VmRSS"); err != nil || got != 12<<10 {
		t.Error(got, err)
	}
	for _, name := range []string{"VmSwap", "RSS", "Threads", "Name"} {
		if got, err := parseStatus([]byte(status), name); err == nil {
			t.Errorf("%s gave %d", name, got)
		}
	}
}

func TestOwnFiguresArePlausible(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	before, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	after := before
	for began := time.Now(); after == before; { // works until it shows
		if after, err = cpuTime(os.Getpid()); err != nil {
			t.Fatal(err)
		}
		if time.Since(began) > time.Minute {
			t.Fatal("a minute of work does not show")
		}
	}
	now, peak, err := residentSet(os.Getpid())
	if err != nil || now < 1<<20 || peak < now {
		t.Errorf("memory now %d, at most %d: %v", now, peak, err)
	}
}
