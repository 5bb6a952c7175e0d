package lifeboat_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"latchkey/tokens/lifeboat"
)

func read(t testing.TB, path string) []byte {
	t.Helper()
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func write(t testing.TB, path string, image []byte) {
	t.Helper()
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
}

// imageOf returns the file of a boat with these records on board.
func imageOf(t testing.TB, records ...lifeboat.Record) []byte {
	t.Helper()
	path := newPath(t)
	b := open(t, path)
	stow(t, b, records...)
	b.Close()
	return read(t, path)
}

func TestWhatIsNoLifeboatIsRefusedAndLeftAsItIs(t *testing.T) {
	good := imageOf(t, answerOf("att_1", 10))
	patched := func(at int, p string) []byte {
		image := bytes.Clone(good)
		copy(image[at:], p)
		return image
	}
	for _, c := range []struct {
		name, want string
		image      []byte
	}{
		{"a later version", "version 2, and this program knows version 1 only", patched(8, "\x00\x00\x00\x02")},
		{"version 0", "version 0", patched(8, "\x00\x00\x00\x00")},
		{"a later version of another size", "version 2", append(patched(8, "\x00\x00\x00\x02"), 1)},
		{"another file", "not a lifeboat", []byte("SQLite format 3\x00")},
		{"a short text", "not a lifeboat", []byte("LK")},
		{"records without a header", "header is damaged", patched(0, strings.Repeat("\x00", 512))},
		{"a damaged header", "header is damaged", patched(3, "?")},
		{"too long", "1048577 bytes long", append(bytes.Clone(good), 0)},
		{"too long and empty", "not a lifeboat", make([]byte, fileSize+1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := newPath(t)
			write(t, path, c.image)
			wantRefused(t, path, c.want)
			if !bytes.Equal(read(t, path), c.image) {
				t.Error("the file was changed")
			}
		})
	}
}

func wantRefused(t *testing.T, path, want string) {
	t.Helper()
	b, err := lifeboat.Open(path)
	if err == nil {
		b.Close()
		t.Fatalf("opened; want an error with %q", want)
	}
	if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %q, want one with %q and the path", err, want)
	}
}

func TestFilesThatAreNotOurOwnAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, want string
		make       func(path string) error
	}{
		{"readable by the group", "chmod 600", func(path string) error { return os.Chmod(path, 0o640) }},
		{"writable by all", "chmod 600", func(path string) error { return os.Chmod(path, 0o602) }},
		{"a link", "symbolic link", func(path string) error {
			if err := os.Rename(path, path+".real"); err != nil {
				return err
			}
			return os.Symlink(path+".real", path)
		}},
		{"a link to nowhere", "symbolic link", func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Symlink(path+".real", path)
		}},
		{"a pipe", "not a regular file", func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return syscall.Mkfifo(path, 0o600)
		}},
		{"a folder", "directory", func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o700)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := newPath(t)
			write(t, path, imageOf(t))
			if err := c.make(path); err != nil {
				t.Fatal(err)
			}
			wantRefused(t, path, c.want)
			if c.name == "a link to nowhere" {
				if _, err := os.Lstat(path + ".real"); !os.IsNotExist(err) {
					t.Errorf("the target of the link was made: %v", err)
				}
			}
		})
	}
	wantRefused(t, filepath.Join(newPath(t), "missing", "lifeboat"), "no such file")
}

func TestAFileWhoseMakingWasCutOffIsMadeAnew(t *testing.T) {
	empty := imageOf(t)
	for _, size := range []int{0, 1, 4096, 5000, fileSize - 1, fileSize} {
		path := newPath(t)
		write(t, path, make([]byte, size))
		b := open(t, path)
		wantAboard(t, b)
		if b.Damaged() != 0 || !bytes.Equal(read(t, path), empty) {
			t.Errorf("cut off at %d: %d damaged places, or another file than a new one", size, b.Damaged())
		}
	}
}

func TestOneProcessHasTheFile(t *testing.T) {
	path := newPath(t)
	b := open(t, path)
	wantRefused(t, path, "open already")
	out, err := child(t, "TestOneProcessHasTheFile", path).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "open already") {
		t.Errorf("another process: %v\n%s", err, out)
	}
	b.Close()
	if out, err := child(t, "TestOneProcessHasTheFile", path).CombinedOutput(); err != nil {
		t.Errorf("after Close: %v\n%s", err, out)
	}
}

// inChild names the environment variable with the path of the boat that a child
// process of these tests is to work with.
const inChild = "LIFEBOAT_TEST_PATH"

// child returns this program again, to do what [TestMain] has for the name.
func child(t *testing.T, name, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$", name)
	cmd.Env = append(os.Environ(), inChild+"="+path)
	return cmd
}
