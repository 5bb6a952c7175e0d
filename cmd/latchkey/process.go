package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// keepSecretsInside takes away the ways in which secrets leave a process by
// accident: core dumps, and the environment that its children inherit.
func keepSecretsInside() error {
	var faults []error
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		faults = append(faults, fmt.Errorf("switching core dumps off: %w", err))
	}
	var names []string
	for _, s := range append(settings[:len(settings):len(settings)], clientSettings...) {
		if !s.secret {
			continue
		}
		names = append(names, s.name)
		if err := os.Unsetenv(s.name); err != nil {
			faults = append(faults, fmt.Errorf("forgetting %s: %w", s.name, err))
		}
	}
	// What the process was started with stays in its memory whatever is unset, for
	// others to read in /proc.
	if err := wipeEnvironment(names); err != nil {
		faults = append(faults, fmt.Errorf("wiping the environment: %w", err))
	}
	if err := undumpable(); err != nil {
		faults = append(faults, fmt.Errorf("making the process undumpable: %w", err))
	}
	return errors.Join(faults...)
}
