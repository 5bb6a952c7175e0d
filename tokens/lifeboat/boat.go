package lifeboat

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
)

// ErrFull says that a record does not fit beside those on board.
var ErrFull = errors.New("lifeboat: no room for the record")

// Boat is an open lifeboat. Its methods may be called by several goroutines at
// once.
type Boat struct {
	// mu is held while writing and syncing. The system reports a failed write to
	// one sync only, so a sync must speak for the write before it and no other.
	mu      sync.Mutex
	file    *os.File
	aboard  []berth // in the order of stowing
	damaged blockSet
	number  uint64 // of the last record, stowed or not
	found   int    // damaged places when the file was opened
}

// Stow takes r on board, and returns when it is durable. It returns [ErrFull] if
// r does not fit. After another error r is not on board, though it may be found
// there when the file is next opened; r may be stowed again.
func (b *Boat) Stow(r Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	count := blocksOf(r.encodedSize())
	first, ok := b.room(count)
	if !ok {
		return ErrFull
	}
	b.number++
	if err := b.write(r.encode(b.number), first); err != nil {
		return fmt.Errorf("lifeboat: stowing: %w", err)
	}
	if err := datasync(b.file); err != nil {
		return fmt.Errorf("lifeboat: stowing: %w", err)
	}
	r.Answer = bytes.Clone(r.Answer)
	b.aboard = append(b.aboard, berth{r, b.number, first, count})
	b.damaged.put(first, count, false)
	return nil
}

// Records returns what is on board, in the order in which it was stowed.
func (b *Boat) Records() []Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	records := make([]Record, len(b.aboard))
	for i, at := range b.aboard {
		at.Answer = bytes.Clone(at.Answer)
		records[i] = at.Record
	}
	return records
}

// Damaged returns in how many places the file held something unreadable when it
// was opened: a record that was cut off by a crash while it was written or
// removed, or spoilt later.
func (b *Boat) Damaged() int { return b.found }

// Land removes the records of these attempts, which are in the database now, and
// returns when that is durable. An attempt of which there is no record is no
// error. After an error all of them are still on board; each may be gone or there
// when the file is next opened.
func (b *Boat) Land(attempts ...string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	landed := func(at berth) bool { return slices.Contains(attempts, at.Attempt) }
	if !slices.ContainsFunc(b.aboard, landed) {
		return nil
	}
	for _, at := range b.aboard {
		if !landed(at) {
			continue
		}
		if err := b.write(make([]byte, at.count*blockSize), at.first); err != nil {
			return fmt.Errorf("lifeboat: landing: %w", err)
		}
	}
	if err := datasync(b.file); err != nil {
		return fmt.Errorf("lifeboat: landing: %w", err)
	}
	b.aboard = slices.DeleteFunc(b.aboard, landed)
	return nil
}

// Close lets another process open the file. What is on board stays there.
func (b *Boat) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.file.Close()
}

// room finds that many free blocks in a row. It gives up damaged remains only if
// there is no other room: somebody might still want to look at them.
func (b *Boat) room(count int) (first int, ok bool) {
	var taken blockSet
	for _, at := range b.aboard {
		taken.put(at.first, at.count, true)
	}
	spared := taken
	for i := range spared {
		spared[i] = taken[i] || b.damaged[i]
	}
	if first, ok = spared.gap(count); ok {
		return first, true
	}
	return taken.gap(count)
}

func (b *Boat) write(p []byte, first int) error {
	_, err := b.file.WriteAt(p, int64(first)*blockSize)
	return err
}
