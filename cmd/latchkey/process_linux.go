package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// undumpable keeps the process's memory, with the secrets in it, out of dumps and
// out of the reach of other processes of the same user.
func undumpable() error {
	const setDumpable = 4 // PR_SET_DUMPABLE
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, setDumpable, 0, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// wipeEnvironment overwrites the values of variables where the system keeps the
// environment that the process was started with; Go works on a copy. It must come
// before [undumpable], which shuts the way there.
func wipeEnvironment(names []string) error {
	start, end, err := environmentPlace()
	if err != nil {
		return err
	}
	mem, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	image := make([]byte, end-start)
	if _, err := mem.ReadAt(image, start); err != nil {
		return err
	}
	for entry := range bytes.SplitSeq(image, []byte{0}) {
		name, value, _ := bytes.Cut(entry, []byte("="))
		for _, secret := range names {
			if string(name) == secret {
				clear(value) // which is a part of image
			}
		}
	}
	_, err = mem.WriteAt(image, start)
	return err
}

// environmentPlace tells where the environment is: the fields 50 and 51 of stat.
func environmentPlace() (start, end int64, err error) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, 0, err
	}
	text := string(stat)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]) // from the third on
	if len(fields) < 49 {
		return 0, 0, fmt.Errorf("/proc/self/stat has only %d fields", len(fields)+2)
	}
	if start, err = strconv.ParseInt(fields[47], 10, 64); err == nil {
		end, err = strconv.ParseInt(fields[48], 10, 64)
	}
	if err != nil || start <= 0 || end <= start || end-start > 8<<20 {
		return 0, 0, errors.New("the place of the environment is not known")
	}
	return start, end, nil
}
