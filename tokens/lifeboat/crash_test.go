package lifeboat_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"latchkey/tokens/lifeboat"
)

// voyage is a boat and what must be on board.
type voyage struct {
	path   string
	boat   *lifeboat.Boat
	aboard []lifeboat.Record
	count  int
}

// sizeOf returns the bytes of a record in the file, without padding.
func sizeOf(r lifeboat.Record) int {
	return 72 + len(r.Tenant) + len(r.Grant) + len(r.Attempt) + len(r.Lineage) + len(r.Answer)
}

func blocksOf(r lifeboat.Record) int { return (sizeOf(r) + blockSize - 1) / blockSize }

func (v *voyage) reopen(rt *rapid.T) {
	if v.boat != nil {
		v.boat.Close()
	}
	b, err := lifeboat.Open(v.path)
	if err != nil {
		rt.Fatal(err)
	}
	v.boat = b
}

// mayBe checks that what is on board is one of these, and goes on with it.
func (v *voyage) mayBe(rt *rapid.T, states ...[]lifeboat.Record) {
	got := v.boat.Records()
	for _, want := range states {
		if same(want, got) {
			v.aboard = got
			return
		}
	}
	rt.Fatalf("on board are%s\nwant%s", list(got), list(states[0]))
}

func (v *voyage) draw(rt *rapid.T) lifeboat.Record {
	v.count++
	size := rapid.OneOf(rapid.IntRange(0, 9_000), rapid.IntRange(0, 400_000)).Draw(rt, "size")
	r := answerOf(fmt.Sprintf("att_%d", v.count), size)
	// As sealed answers do, no two share a sector: one must not mend the other.
	random := rand.NewChaCha8([32]byte{byte(v.count), byte(v.count >> 8)})
	random.Read(r.Answer)
	r.Epoch = rapid.Int64().Draw(rt, "epoch")
	return r
}

func (v *voyage) stow(rt *rapid.T) (stowed lifeboat.Record, ok bool) {
	r, used := v.draw(rt), 0
	for _, other := range v.aboard {
		used += blocksOf(other)
	}
	switch err := v.boat.Stow(r); {
	case err == nil && used+blocksOf(r) <= 255:
		return r, true
	case errors.Is(err, lifeboat.ErrFull) && (used+blocksOf(r) > 255 || blocksOf(r) > 1):
		return r, false // there may be room, but not in one piece
	default:
		rt.Fatalf("%d blocks beside %d: %v", blocksOf(r), used, err)
		return r, false
	}
}

// choose draws which records to land.
func (v *voyage) choose(rt *rapid.T) (landed, left []lifeboat.Record, ids []string) {
	for _, r := range v.aboard {
		if rapid.Bool().Draw(rt, "landed") {
			landed, ids = append(landed, r), append(ids, r.Attempt)
		} else {
			left = append(left, r)
		}
	}
	return landed, left, ids
}

// crash does something and leaves on the disk what a loss of power in the middle
// of it may leave: any of the sectors that it wrote, in any order, and perhaps one
// of them spoilt.
func (v *voyage) crash(rt *rapid.T, do func()) {
	before, err := os.ReadFile(v.path)
	if err != nil {
		rt.Fatal(err)
	}
	do()
	after, err := os.ReadFile(v.path)
	if err != nil {
		rt.Fatal(err)
	}
	v.boat.Close()
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "sectors"), 0))
	written := rapid.SampledFrom([]float64{0, 0.05, 0.5, 0.95, 1}).Draw(rt, "written")
	spoil := rapid.Bool().Draw(rt, "spoil")
	const sector = 512
	for i := 0; i < fileSize; i += sector {
		now, then := before[i:i+sector], after[i:i+sector]
		switch {
		case bytes.Equal(now, then):
		case spoil:
			for j := range now {
				now[j] = byte(random.Uint32())
			}
			spoil = false
		case random.Float64() < written:
			copy(now, then)
		}
	}
	if err := os.WriteFile(v.path, before, 0o600); err != nil {
		rt.Fatal(err)
	}
	v.reopen(rt)
}

// isLeftOf reports whether got is all with only some of those in gone missing.
func isLeftOf(got, all, gone []lifeboat.Record) bool {
	missing := slices.DeleteFunc(slices.Clone(all), func(r lifeboat.Record) bool {
		here := func(o lifeboat.Record) bool { return o.Attempt == r.Attempt }
		return slices.ContainsFunc(gone, here) && !slices.ContainsFunc(got, here)
	})
	return same(missing, got)
}

func TestNoRecordIsLostByACrash(t *testing.T) {
	dir, voyages := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		voyages++
		v := &voyage{path: filepath.Join(dir, fmt.Sprint(voyages))}
		v.reopen(rt)
		defer func() { v.boat.Close(); os.Remove(v.path) }()
		rt.Repeat(map[string]func(*rapid.T){
			"stow": func(rt *rapid.T) {
				if r, ok := v.stow(rt); ok {
					v.aboard = append(v.aboard, r)
				}
				v.mayBe(rt, v.aboard)
			},
			"land": func(rt *rapid.T) {
				_, left, ids := v.choose(rt)
				if err := v.boat.Land(ids...); err != nil {
					rt.Fatal(err)
				}
				v.mayBe(rt, left)
			},
			"reopen": func(rt *rapid.T) {
				v.reopen(rt)
				v.mayBe(rt, v.aboard)
			},
			"crash while stowing": func(rt *rapid.T) {
				var r lifeboat.Record
				v.crash(rt, func() { r, _ = v.stow(rt) })
				v.mayBe(rt, v.aboard, append(slices.Clone(v.aboard), r))
			},
			"crash while landing": func(rt *rapid.T) {
				landed, _, ids := v.choose(rt)
				v.crash(rt, func() {
					if err := v.boat.Land(ids...); err != nil {
						rt.Fatal(err)
					}
				})
				got := v.boat.Records()
				if !isLeftOf(got, v.aboard, landed) {
					rt.Fatalf("on board are%s\nafter a crash while landing %q of%s", list(got), ids, list(v.aboard))
				}
				v.aboard = got
			},
		})
	})
}

func TestDamageHarmsOnlyTheRecordsThatItHits(t *testing.T) {
	var records []lifeboat.Record
	for i, size := range []int{600, 3000, 20_000, 600, 5000, 600} {
		records = append(records, answerOf(fmt.Sprintf("att_%d", i), size))
	}
	good, path := imageOf(t, records...), newPath(t)
	rapid.Check(t, func(rt *rapid.T) {
		image := bytes.Clone(good)
		for range rapid.IntRange(0, 4).Draw(rt, "wounds") {
			at := rapid.IntRange(blockSize, 20*blockSize).Draw(rt, "at")
			copy(image[at:], rapid.SliceOfN(rapid.Byte(), 1, 5000).Draw(rt, "garbage"))
		}
		size := rapid.OneOf(rapid.Just(fileSize), rapid.IntRange(blockSize, 20*blockSize)).Draw(rt, "cut off at")
		clear(image[size:])
		var whole []lifeboat.Record
		remains := bytes.Clone(image[blockSize:]) // what is no part of a whole record
		at := 0
		for _, r := range records {
			if end := at + sizeOf(r); bytes.Equal(image[blockSize+at:blockSize+end], good[blockSize+at:blockSize+end]) {
				whole = append(whole, r)
				clear(remains[at : at+blocksOf(r)*blockSize])
			}
			at += blocksOf(r) * blockSize
		}
		if err := os.WriteFile(path, image[:size], 0o600); err != nil {
			rt.Fatal(err)
		}
		b, err := lifeboat.Open(path)
		if err != nil {
			rt.Fatal(err)
		}
		defer b.Close()
		if got := b.Records(); !same(got, whole) {
			rt.Fatalf("on board are%s\nwant%s", list(got), list(whole))
		}
		if damaged := len(bytes.TrimLeft(remains, "\x00")) > 0; damaged != (b.Damaged() > 0) {
			rt.Fatalf("%d damaged places, want some: %v", b.Damaged(), damaged)
		}
		if err := b.Stow(answerOf("att_9", 600)); err != nil {
			rt.Fatal(err)
		}
	})
}

func TestDamagedRemainsStayWhileThereIsOtherRoom(t *testing.T) {
	image, path := imageOf(t, answerOf("att_1", 600)), newPath(t)
	image[blockSize+100] ^= 1
	write(t, path, image)
	b := open(t, path)
	if b.Damaged() != 1 {
		t.Errorf("%d damaged places", b.Damaged())
	}
	for i := range 254 {
		stow(t, b, answerOf(fmt.Sprintf("att_%d", i), 600))
	}
	if !bytes.Equal(read(t, path)[blockSize:2*blockSize], image[blockSize:2*blockSize]) {
		t.Error("the damaged record was overwritten")
	}
	stow(t, b, answerOf("att_x", 600))
	if b = reopen(t, b, path); b.Damaged() != 0 || len(b.Records()) != 255 {
		t.Errorf("%d damaged places, %d records", b.Damaged(), len(b.Records()))
	}
}
