package lifeboat

import (
	"bytes"
	"cmp"
	"slices"
)

const (
	blockSize = 4096
	blocks    = 256 // of which the first is the header
	fileSize  = blocks * blockSize
)

// berth is a record on board and the blocks that it takes.
type berth struct {
	Record
	number       uint64
	first, count int
}

// blocksOf returns how many blocks a number of bytes takes.
func blocksOf(size int) int { return (size + blockSize - 1) / blockSize }

// blockSet says of each block whether it belongs to something.
type blockSet [blocks]bool

func (s *blockSet) put(first, count int, in bool) {
	for i := first; i < first+count; i++ {
		s[i] = in
	}
}

// gap returns the first of the lowest count blocks in a row that are not in s.
func (s *blockSet) gap(count int) (first int, ok bool) {
	free := 0
	for i := 1; i < blocks; i++ {
		if free++; s[i] {
			free = 0
		}
		if free == count {
			return i - count + 1, true
		}
	}
	return 0, false
}

// runs returns how many times blocks of s lie in a row.
func (s *blockSet) runs() int {
	n := 0
	for i := 1; i < blocks; i++ {
		if s[i] && !s[i-1] {
			n++
		}
	}
	return n
}

// scan finds the records in the image of a whole file, in the order in which they
// were stowed, and the blocks with damaged remains.
func scan(image []byte) (aboard []berth, damaged blockSet) {
	for i := 1; i < blocks; {
		p := image[i*blockSize:]
		r, number, ok := decode(p)
		switch {
		case ok:
			count := blocksOf(r.encodedSize())
			aboard = append(aboard, berth{r, number, i, count})
			i += count
		default:
			// Whatever length it claims, the next block may be another's.
			damaged[i] = !isZero(p[:blockSize])
			i++
		}
	}
	slices.SortStableFunc(aboard, func(a, b berth) int { return cmp.Compare(a.number, b.number) })
	return aboard, damaged
}

// zeros is never written to.
var zeros = make([]byte, blockSize)

// isZero reports whether p, a number of whole blocks, is all zeros.
func isZero(p []byte) bool {
	for ; len(p) > 0; p = p[blockSize:] {
		if !bytes.Equal(p[:blockSize], zeros) {
			return false
		}
	}
	return true
}
