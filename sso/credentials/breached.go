package credentials

import (
	"bytes"
	"crypto/sha1" // #nosec G505 -- what lists of leaked passwords are made with
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Breached is a file of leaked passwords in the format of Have I Been Pwned, ordered
// by hash: each line is the SHA-1 of a password in 40 hexadecimal digits, a colon
// and a number. It is searched on the disk and never loaded, so it may be of any
// size. It may be shared.
type Breached struct {
	file io.ReaderAt
	size int64
	name string
	stop func() error
}

// The lengths of a line: a hash alone, and one with a count and an end.
const (
	hashDigits = 2 * sha1.Size
	maxLine    = 128
)

// OpenBreached opens the list at path and looks at a few of its lines: a file that
// is something else, or not in order, is refused.
func OpenBreached(path string) (*Breached, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the list of leaked passwords: %w", err)
	}
	b := &Breached{file: f, name: path, stop: f.Close}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a file")
	}
	if err == nil {
		b.size = info.Size()
		err = b.sample()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the list of leaked passwords in %s: %w", path, err), f.Close())
	}
	return b, nil
}

// Close closes the file. A nil list has none.
func (b *Breached) Close() error {
	if b == nil {
		return nil
	}
	return b.stop()
}

// samples is how many lines are looked at as a list is opened.
const samples = 64

// sample reads lines from all over the file.
func (b *Breached) sample() error {
	if b.size == 0 {
		return errors.New("it is empty")
	}
	last := ""
	for i := range int64(samples) {
		line, _, err := b.line(b.size / samples * i)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if line < last {
			return errors.New("it is not ordered by hash")
		}
		last = line
	}
	return nil
}

// has reports whether the list has a password. A nil list has none.
func (b *Breached) has(password string) (bool, error) {
	if b == nil {
		return false, nil
	}
	sum := sha1.Sum([]byte(password)) // #nosec G401 -- what the lists are made with; nothing is protected by it
	want := strings.ToUpper(hex.EncodeToString(sum[:]))
	// The line sought begins in [from, to), if there is one.
	from, to := int64(0), b.size
	for from < to {
		middle := from + (to-from)/2
		line, next, err := b.line(middle)
		if errors.Is(err, io.EOF) {
			to = middle
			continue
		}
		if err != nil {
			return false, fmt.Errorf("reading %s: %w", b.name, err)
		}
		switch strings.Compare(line, want) {
		case 0:
			return true, nil
		case -1:
			from = next
		default:
			to = middle
		}
	}
	return false, nil
}

// line returns the hash of the first line that begins at or after an offset, in
// upper case, and where the next line begins; [io.EOF] if none begins there.
func (b *Breached) line(at int64) (hash string, next int64, err error) {
	// From one byte before: at is the beginning of a line if that is an end.
	start := max(at-1, 0)
	buffer := make([]byte, 2*maxLine)
	n, err := b.file.ReadAt(buffer, start)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	text := buffer[:n]
	if at > 0 {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			return "", 0, endOr(n, "a line that is too long")
		}
		text, start = text[end+1:], start+int64(end)+1
	}
	if len(text) == 0 {
		return "", 0, io.EOF
	}
	length := bytes.IndexByte(text, '\n') + 1
	if length == 0 {
		length = len(text) // the last line, without an end
	}
	hash, err = parseLine(string(text[:length]))
	return hash, start + int64(length), err
}

// endOr is the end of the file where fewer bytes than asked for were there.
func endOr(n int, reason string) error {
	if n < 2*maxLine {
		return io.EOF
	}
	return errors.New(reason)
}

// parseLine returns the hash of a line in upper case.
func parseLine(line string) (string, error) {
	hash, _, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
	if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha1.Size || len(line) > maxLine {
		return "", fmt.Errorf("a line that is no SHA-1 hash of %d digits and a count", hashDigits)
	}
	return strings.ToUpper(hash), nil
}
