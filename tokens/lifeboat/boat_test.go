package lifeboat_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchkey/tokens/lifeboat"
)

const (
	fileSize  = 1 << 20
	blockSize = 4096
)

func open(t testing.TB, path string) *lifeboat.Boat {
	t.Helper()
	b, err := lifeboat.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// reopen closes b, as the end of a process would, and opens its file again.
func reopen(t testing.TB, b *lifeboat.Boat, path string) *lifeboat.Boat {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

func stow(t testing.TB, b *lifeboat.Boat, records ...lifeboat.Record) {
	t.Helper()
	for _, r := range records {
		if err := b.Stow(r); err != nil {
			t.Fatal(err)
		}
	}
}

// wantAboard checks that the records of b are exactly these, in this order.
func wantAboard(t testing.TB, b *lifeboat.Boat, want ...lifeboat.Record) {
	t.Helper()
	if got := b.Records(); !same(got, want) {
		t.Errorf("on board are%s\nwant%s", list(got), list(want))
	}
}

// same compares answers of hundreds of kilobytes, which cmp does byte by byte.
func same(a, b []lifeboat.Record) bool {
	return slices.EqualFunc(a, b, func(x, y lifeboat.Record) bool {
		answers := bytes.Equal(x.Answer, y.Answer)
		x.Answer, y.Answer = nil, nil
		return answers && reflect.DeepEqual(x, y)
	})
}

// list returns a line for each record.
func list(records []lifeboat.Record) string {
	var s strings.Builder
	for _, r := range records {
		hash, size := crc32.ChecksumIEEE(r.Answer), len(r.Answer)
		r.Answer = nil
		fmt.Fprintf(&s, "\n%+v, %d bytes of hash %08x", r, size, hash)
	}
	return s.String()
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "lifeboat") }

// answerOf returns a record of the attempt with an answer of that many bytes.
func answerOf(attempt string, size int) lifeboat.Record {
	return lifeboat.Record{
		Tenant: "ten_1", Grant: "con_1", Attempt: attempt, Lineage: "lin_1", Epoch: 7, Version: 3,
		SentAt: time.Date(2026, 3, 2, 10, 0, 0, 123_456_789, time.UTC),
		Answer: bytes.Repeat([]byte(attempt[len(attempt)-1:]), size),
	}
}

func TestEveryRecordComesBackAsItWas(t *testing.T) {
	some := answerOf("att_1", 600)
	change := func(f func(*lifeboat.Record)) lifeboat.Record {
		r := some
		f(&r)
		return r
	}
	for _, c := range []struct {
		name string
		r    lifeboat.Record
	}{
		{"usual", some},
		{"empty", lifeboat.Record{}},
		{"no answer", change(func(r *lifeboat.Record) { r.Answer = nil })},
		{"bytes of all kinds", change(func(r *lifeboat.Record) { r.Answer = []byte("\x00LKRECORD\xff\n") })},
		{"exactly a block", change(func(r *lifeboat.Record) { r.Answer = make([]byte, 4096-72-len("ten_1con_1att_1lin_1")) })},
		{"a byte more than a block", change(func(r *lifeboat.Record) { r.Answer = make([]byte, 4097-72-len("ten_1con_1att_1lin_1")) })},
		{"many blocks", change(func(r *lifeboat.Record) { r.Answer = bytes.Repeat([]byte("LKRECORD"), 40_000) })},
		{"a long name", change(func(r *lifeboat.Record) { r.Lineage = strings.Repeat("é", 40_000) })},
		{"extreme numbers", change(func(r *lifeboat.Record) { r.Epoch, r.Version = math.MaxInt64, math.MinInt64 })},
		{"a time before all", change(func(r *lifeboat.Record) { r.SentAt = time.Time{} })},
		{"a time in the far future", change(func(r *lifeboat.Record) { r.SentAt = time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC) })},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := newPath(t)
			b := open(t, path)
			stow(t, b, c.r)
			wantAboard(t, b, c.r)
			b = reopen(t, b, path)
			wantAboard(t, b, c.r)
			if b.Damaged() != 0 {
				t.Errorf("%d damaged places", b.Damaged())
			}
		})
	}
}

func TestRecordsComeInTheOrderInWhichTheyWereStowed(t *testing.T) {
	path := newPath(t)
	b := open(t, path)
	stow(t, b, answerOf("att_1", 10), answerOf("att_2", 10), answerOf("att_3", 10))
	if err := b.Land("att_1"); err != nil {
		t.Fatal(err)
	}
	b = reopen(t, b, path)
	stow(t, b, answerOf("att_4", 10)) // takes the room of the first
	want := []lifeboat.Record{answerOf("att_2", 10), answerOf("att_3", 10), answerOf("att_4", 10)}
	wantAboard(t, b, want...)
	wantAboard(t, reopen(t, b, path), want...)
}

func TestLandedRecordsAreGoneAndNothingOfThemIsLeft(t *testing.T) {
	path := newPath(t)
	b := open(t, path)
	before := read(t, path)
	stow(t, b, answerOf("att_1", 9000), answerOf("att_2", 10), answerOf("att_2", 20), answerOf("att_3", 10))
	for _, ids := range [][]string{{"att_2", "att_9"}, {"att_2"}, {}} {
		if err := b.Land(ids...); err != nil {
			t.Fatal(err)
		}
		wantAboard(t, b, answerOf("att_1", 9000), answerOf("att_3", 10))
	}
	b = reopen(t, b, path)
	wantAboard(t, b, answerOf("att_1", 9000), answerOf("att_3", 10))
	if err := b.Land("att_3", "att_1"); err != nil {
		t.Fatal(err)
	}
	wantAboard(t, b)
	if !bytes.Equal(read(t, path), before) {
		t.Error("something of the landed records is left in the file")
	}
}

func TestAFullBoatRefusesAndHasRoomAgainWhenRecordsAreLanded(t *testing.T) {
	path := newPath(t)
	b := open(t, path)
	if err := b.Stow(answerOf("att_0", fileSize)); !errors.Is(err, lifeboat.ErrFull) {
		t.Fatalf("a record larger than the file: %v", err)
	}
	var aboard []lifeboat.Record
	for {
		r := answerOf(fmt.Sprintf("att_%03d", len(aboard)), 1500)
		err := b.Stow(r)
		if errors.Is(err, lifeboat.ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		aboard = append(aboard, r)
	}
	if len(aboard) != 255 {
		t.Errorf("%d records of a block each, want 255", len(aboard))
	}
	b = reopen(t, b, path)
	wantAboard(t, b, aboard...)
	if err := b.Land(aboard[100].Attempt); err != nil {
		t.Fatal(err)
	}
	if err := b.Stow(answerOf("att_x", 5000)); !errors.Is(err, lifeboat.ErrFull) {
		t.Errorf("two blocks in the room of one: %v", err)
	}
	stow(t, b, answerOf("att_y", 1500))
	if size := len(read(t, path)); size != fileSize {
		t.Errorf("the file has %d bytes", size)
	}
}

func TestTheBoatSharesNoMemoryWithItsCallers(t *testing.T) {
	b := open(t, newPath(t))
	r := answerOf("att_1", 10)
	stow(t, b, r)
	clear(r.Answer)
	clear(b.Records()[0].Answer)
	wantAboard(t, b, answerOf("att_1", 10))
}

func TestAClosedBoatTakesNothing(t *testing.T) {
	b := open(t, newPath(t))
	stow(t, b, answerOf("att_1", 10))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Stow(answerOf("att_2", 10)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Stow: %v", err)
	}
	if err := b.Land("att_1"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Land: %v", err)
	}
}

func TestManyMayStowAndLandAtOnce(t *testing.T) {
	path := newPath(t)
	b := open(t, path)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 6 {
				r := answerOf(fmt.Sprintf("att_%d_%d", i, j), 3000*j)
				if err := b.Stow(r); err != nil {
					t.Error(err)
				}
				b.Records()
				if j%2 == 0 {
					if err := b.Land(r.Attempt); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	b = reopen(t, b, path)
	left := map[string]bool{}
	for _, r := range b.Records() {
		left[r.Attempt] = true
	}
	for i := range 16 {
		for j := range 6 {
			if id := fmt.Sprintf("att_%d_%d", i, j); left[id] != (j%2 == 1) {
				t.Errorf("%s on board: %v", id, left[id])
			}
		}
	}
	if len(left) != 48 || len(b.Records()) != 48 {
		t.Errorf("%d records on board", len(b.Records()))
	}
}

func TestTheRoomIsReallyAllocated(t *testing.T) {
	path := newPath(t)
	b := open(t, path)
	allocated := func() int64 {
		t.Helper()
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o600 || info.Size() != fileSize {
			t.Errorf("mode %v, size %d", info.Mode(), info.Size())
		}
		return info.Sys().(*syscall.Stat_t).Blocks * 512
	}
	if got := allocated(); got < fileSize {
		t.Fatalf("%d bytes are allocated", got)
	}
	stow(t, b, answerOf("att_1", 5000))
	b.Close()
	// A copy that leaves out zeros has holes.
	image := read(t, path)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, path, bytes.TrimRight(image, "\x00"))
	if err := os.Truncate(path, fileSize); err != nil {
		t.Fatal(err)
	}
	if got := allocated(); got >= fileSize {
		t.Fatalf("this file system has no holes (%d bytes)", got)
	}
	wantAboard(t, open(t, path), answerOf("att_1", 5000))
	if got := allocated(); got < fileSize {
		t.Errorf("%d bytes are allocated after opening a file with holes", got)
	}
	if !bytes.Equal(read(t, path), image) {
		t.Error("filling the holes changed the file")
	}
}
