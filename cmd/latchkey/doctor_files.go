package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// files looks at who may read what is kept.
func (e *examination) files() {
	dir := e.cfg.DataDir
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && e.cfg.sqlitePath() == "":
		e.add("data directory", notable, "Give each server a data directory that outlives a restart; an answer that comes while the database is away is kept there.",
			"%s is not there", dir)
		return
	case err != nil:
		e.add("data directory", wrong, "Start the server once, which makes it, or look at LATCHKEY_DATA_DIR.", "%v", err)
		return
	case info.Mode().Perm()&0o077 != 0:
		e.add("data directory", wrong, "chmod 700 "+dir, "%s can be entered by others (mode %04o)", dir, info.Mode().Perm())
	default:
		e.add("data directory", fine, "", "%s is for its owner alone", dir)
	}
	open := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || info.Mode().Perm()&0o077 == 0 {
			return nil // one that has just gone is nobody's
		}
		open++
		e.add("files", wrong, "chmod 600 "+path, "%s can be read by others (mode %04o)", path, info.Mode().Perm())
		return nil
	})
	if err != nil {
		e.add("files", notable, "Run this as the user that the server runs as.", "%v", err)
	} else if open == 0 {
		e.add("files", fine, "", "nobody else can read what is in it")
	}
}

// How much room there should be, and how much there must be.
const (
	roomy = 1 << 30
	tight = 64 << 20
)

func (e *examination) space() {
	free, err := freeSpace(e.cfg.DataDir)
	switch {
	case err != nil: // the directory is not there, which is said already
	case free < tight:
		e.add("disk", wrong, "Make room: without it nothing can be refreshed.", "%d MB are free at %s", free>>20, e.cfg.DataDir)
	case free < roomy:
		e.add("disk", notable, "Make room before it is needed.", "%d MB are free at %s", free>>20, e.cfg.DataDir)
	default:
		e.add("disk", fine, "", "%d GB are free at %s", free>>30, e.cfg.DataDir)
	}
}

// cores looks whether a program that is started from here may leave its memory on the
// disk. The server switches that off for itself.
func (e *examination) cores() {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		e.add("core dumps", notable, "", "%v", err)
	} else if limit.Cur != 0 {
		e.add("core dumps", fine, "", "the server switches them off for itself; here they are on (LimitCORE=0 in its unit does it sooner)")
	} else {
		e.add("core dumps", fine, "", "they are off")
	}
}
