package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	only := flag.String("only", "", "the requirement, or with -policy the file, to take alone")
	policy := flag.Bool("policy", false, "make faults by rule in the files that hold policy")
	root := flag.String("root", ".", "the root of the module")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	faults, err := choose(*root, *only, *policy)
	if err == nil {
		err = tryAll(ctx, os.Stdout, *root, faults)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// choose returns the faults to try.
func choose(root, only string, policy bool) ([]fault, error) {
	if policy {
		return policyFaults(root, only)
	}
	all, err := readRequirements(root)
	if err != nil {
		return nil, err
	}
	var faults []fault
	for _, r := range all {
		if only == "" || only == r.ID {
			faults = append(faults, r.Faults...)
		}
	}
	if len(faults) == 0 {
		return nil, fmt.Errorf("no requirement %q has a fault", only)
	}
	return faults, nil
}
