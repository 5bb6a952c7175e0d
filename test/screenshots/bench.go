package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
)

// bench stands in for a test, so that what makes sites for tests makes one here.
type bench struct {
	testing.TB // of which nothing is left; what is not below must not be called
	ctx        context.Context
	undo       []func()
}

// failure is what a bench ends with that cannot go on.
type failure string

func (f failure) Error() string { return string(f) }

// on runs f on a bench, and undoes afterwards what was made there.
func on(ctx context.Context, f func(*bench) error) (err error) {
	b := &bench{ctx: ctx}
	defer func() {
		for _, undo := range slices.Backward(b.undo) {
			undo()
		}
		switch what := recover().(type) {
		case nil:
		case failure:
			err = what
		default:
			panic(what)
		}
	}()
	return f(b)
}

func (b *bench) Context() context.Context { return b.ctx }
func (b *bench) Cleanup(undo func())      { b.undo = append(b.undo, undo) }
func (*bench) Helper()                    {}
func (*bench) Name() string               { return "screenshots" }
func (*bench) Failed() bool               { return false }
func (*bench) Log(...any)                 {}
func (*bench) Logf(string, ...any)        {}

// TempDir is a folder that goes at the end.
func (b *bench) TempDir() string {
	dir, err := os.MkdirTemp("", "latchkey-screenshots-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) }) // what is left there harms nobody
	return dir
}

func (*bench) Fatal(args ...any)                 { panic(failure(fmt.Sprint(args...))) }
func (*bench) Fatalf(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

// What goes wrong ends it, since pictures of it would show something else.
func (b *bench) Error(args ...any)                 { b.Fatal(args...) }
func (b *bench) Errorf(format string, args ...any) { b.Fatalf(format, args...) }
