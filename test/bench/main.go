package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// experiment measures some rows of the table.
type experiment struct {
	name string
	run  func(*bench, context.Context) error
}

var experiments = []experiment{
	{"memory", (*bench).loansFromMemory},
	{"store", (*bench).loansFromStore},
	{"latency", (*bench).openLoop},
	{"growth", (*bench).growth},
	{"footprint", (*bench).footprint},
	{"sweep", (*bench).sweepExpired},
	{"background", (*bench).sweepDue},
	{"herd", (*bench).herd},
	{"replicas", (*bench).replicas},
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == bareCommand {
		fmt.Fprintln(os.Stderr, serveBare(os.Args[2]))
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var names []string
	for _, e := range experiments {
		names = append(names, e.name)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "what to measure, separated by commas, of "+strings.Join(names, ", ")+" (default: all)")
	short := flags.Bool("quick", false, "smaller numbers, in about two minutes")
	program := flags.String("program", "", "a built latchkey to measure instead of building one")
	postgres := flags.String("postgres", "", "URL of a PostgreSQL server to use instead of starting one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	wanted := names
	if *only != "" {
		wanted = strings.Split(*only, ",")
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no experiment %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	s := whole
	if *short {
		s = quick
	}
	// The open loop's clock sleeps in a system call, which keeps a processor of the
	// scheduler for a while: there is one more for it.
	runtime.GOMAXPROCS(runtime.NumCPU() + 1)
	b, err := newBench(ctx, s, *program, *postgres)
	if b != nil {
		defer b.close()
	}
	if err != nil {
		return err
	}
	return b.measure(ctx, wanted, *short)
}

// measure runs the experiments and prints their rows.
func (b *bench) measure(ctx context.Context, wanted []string, short bool) error {
	began := time.Now()
	for _, e := range experiments {
		if !slices.Contains(wanted, e.name) {
			continue
		}
		say("measuring %s", e.name)
		if err := e.run(b, ctx); err != nil {
			if ctx.Err() != nil {
				b.report.add(row{what: e.name, failed: "interrupted"})
				break
			}
			say("%s: %v", e.name, err)
			b.report.add(row{what: e.name, failed: "not measured: " + firstLine(err)})
		}
	}
	fmt.Printf("%d processors, %s, %d rounds, took %s\n", runtime.NumCPU(), runtime.Version(), b.rounds, time.Since(began).Round(time.Second))
	if short {
		fmt.Printf("-quick: %d names, %d asked from the store, databases of %d and %d connections, sweeps of %d. The bounds are meant for the whole run.\n",
			b.names, b.stored, b.loaded, b.huge, b.sweep)
	}
	return b.report.print(os.Stdout)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
