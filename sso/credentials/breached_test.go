package credentials

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
)

func hashOf(password string) string {
	sum := sha1.Sum([]byte(password))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// listFile writes a list of passwords with ends of lines of one kind.
func listFile(t testing.TB, passwords []string, end string, last bool) string {
	t.Helper()
	var lines []string
	for i, p := range passwords {
		lines = append(lines, fmt.Sprintf("%s:%d", hashOf(p), i*i*i*7919%1000003))
	}
	slices.Sort(lines)
	text := strings.Join(lines, end)
	if last {
		text += end
	}
	return fileOf(t, text)
}

func fileOf(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func openList(t testing.TB, path string) *Breached {
	t.Helper()
	b, err := OpenBreached(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestEveryPasswordOfAListIsFoundAndNoOther(t *testing.T) {
	for _, n := range []int{1, 2, 3, 64, 65, 5000} {
		for name, end := range map[string]string{"Unix": "\n", "Windows": "\r\n"} {
			for _, last := range []bool{true, false} {
				t.Run(fmt.Sprintf("%d lines of %s, with a last end: %v", n, name, last), func(t *testing.T) {
					var passwords []string
					for i := range n {
						passwords = append(passwords, fmt.Sprint("leaked ", i))
					}
					b := openList(t, listFile(t, passwords, end, last))
					for _, p := range passwords {
						if found, err := b.has(p); !found || err != nil {
							t.Fatalf("%q: %v, %v", p, found, err)
						}
					}
					for i := range 500 {
						if found, err := b.has(fmt.Sprint("other ", i)); found || err != nil {
							t.Fatalf("other %d: %v, %v", i, found, err)
						}
					}
				})
			}
		}
	}
}

func TestSearchingAgreesWithLookingAtAllLines(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,3}`), 1, 60, rapid.ID[string]).Draw(rt, "all")
		b := openList(t, listFile(t, all, "\n", rapid.Bool().Draw(rt, "last")))
		asked := rapid.StringMatching(`[a-z]{1,3}`).Draw(rt, "asked")
		found, err := b.has(asked)
		if err != nil || found != slices.Contains(all, asked) {
			rt.Fatalf("%q in %q: %v, %v", asked, all, found, err)
		}
	})
}

func TestALeakedPasswordIsRefused(t *testing.T) {
	const leaked = "vague otter 83 sings"
	c := &Credentials{o: Options{Breached: openList(t, listFile(t, []string{leaked, "x", "y"}, "\r\n", true))}}
	if err := c.Check(secret.New(leaked)); authmethods.KindOf(err) != authmethods.Invalid || strings.Contains(err.Error(), leaked) {
		t.Errorf("got %v", err)
	}
	if err := c.Check(secret.New(leaked + "!")); err != nil {
		t.Error(err)
	}
}

// unordered are the hashes of numbers, in the order of the numbers.
func unordered(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "%s:%d\n", hashOf(fmt.Sprint(i)), n-i)
	}
	return text.String()
}

func TestFilesThatAreNoListAreRefused(t *testing.T) {
	good := hashOf("a") + ":1\n"
	for name, text := range map[string]string{
		"nothing":            "",
		"plain passwords":    "password\n123456\nqwerty\n",
		"SHA-256":            strings.Repeat("A", 64) + ":1\n",
		"a short hash":       good[1:],
		"ordered by count":   unordered(200),
		"one very long line": hashOf("a") + ":" + strings.Repeat("1", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			if b, err := OpenBreached(fileOf(t, text)); err == nil {
				t.Error("it was opened")
				_ = b.Close()
			}
		})
	}
	if _, err := OpenBreached(t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := OpenBreached(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there was opened")
	}
}
