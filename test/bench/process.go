package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is a server under measurement.
type process struct {
	cmd     *exec.Cmd
	address string        // that takes the load
	started time.Duration // from its start until it was ready
	log     *os.File
}

// startProcess starts a program that is to listen on address and waits until path
// there answers 200. Its log goes to a file, as it would in earnest.
func startProcess(ctx context.Context, cmd *exec.Cmd, address, path, log string) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("making a log: %w", err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	began := time.Now()
	if err := cmd.Start(); err != nil {
		out.Close()
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	p := &process{cmd: cmd, address: address, log: out}
	if err := p.awaitReady(ctx, path); err != nil {
		p.kill()
		return nil, errors.Join(err, lastLines(log))
	}
	p.started = time.Since(began)
	return p, nil
}

const startPatience = 2 * time.Minute

func (p *process) awaitReady(ctx context.Context, path string) error {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(startPatience); time.Now().Before(end); <-tick.C {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+path, nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(r)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			continue // it does not listen yet
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("%s did not become ready", p.cmd.Path)
}

// stop has the server end in order, and by force if it does not. What it still had
// to write down is then written.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	timer := time.AfterFunc(time.Minute, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	_ = p.cmd.Wait() // how it ended is of no interest any more
	p.log.Close()
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.log.Close()
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// settle waits until the server is idle: for eleven seconds, in which it does all
// that it does every ten, it has used less than a hundredth of a core. It returns
// how long that took, and gives up after patience.
func (p *process) settle(ctx context.Context, patience time.Duration) (time.Duration, error) {
	window := min(11*time.Second, patience)
	began := time.Now()
	for {
		before, err := cpuTime(p.pid())
		if err != nil {
			return 0, err
		}
		if err := wait(ctx, window); err != nil {
			return 0, err
		}
		after, err := cpuTime(p.pid())
		if err != nil || after-before < window/100 || time.Since(began) > patience {
			return time.Since(began), err
		}
	}
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// cost is what a run took.
type cost struct {
	outcome
	cpu time.Duration // of the server
}

// perRequest is the server's CPU time for each answer, in microseconds.
func (c *cost) perRequest() float64 {
	return float64(c.cpu.Nanoseconds()) / 1e3 / float64(max(1, len(c.latencies)))
}

// during runs f and counts the CPU time that the server uses meanwhile.
func (p *process) during(f func() (outcome, error)) (cost, error) {
	before, err := cpuTime(p.pid())
	if err != nil {
		return cost{}, err
	}
	o, err := f()
	if err != nil {
		return cost{}, err
	}
	after, err := cpuTime(p.pid())
	return cost{o, after - before}, err
}

// freeAddress returns an address on this machine that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// buildServer builds the program from the sources in the working directory.
func buildServer(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "latchkey")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, "latchkey/cmd/latchkey")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the server: %w\n%s", err, out)
	}
	return program, nil
}

// lastLines returns the end of a log as an error.
func lastLines(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return errors.New(strings.Join(lines[max(0, len(lines)-5):], "\n"))
}
