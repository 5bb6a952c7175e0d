package lifeboat

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"
	"time"
)

// FuzzScan gives the reader any content after the header. With mend, the first
// record gets the right checksum, so that its inside is looked at.
func FuzzScan(f *testing.F) {
	r := Record{Tenant: "ten_1", Grant: "con_1", Attempt: "att_1", Lineage: "lin_1", Epoch: 7, Version: 3, SentAt: time.Unix(1, 2), Answer: []byte("sealed")}
	one := r.encode(1)
	r.Answer = bytes.Repeat([]byte{7}, 2*blockSize)
	f.Add(one, false)
	f.Add(one[:100], true)
	f.Add(append(r.encode(3), one...), false)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, content []byte, mend bool) {
		image := make([]byte, fileSize)
		copy(image[blockSize:], content)
		if mend {
			first := image[blockSize:]
			length := binary.BigEndian.Uint32(first[8:]) % (4 * blockSize)
			copy(first, recordMagic)
			binary.BigEndian.PutUint32(first[8:], length)
			binary.BigEndian.PutUint32(first[12:], sumOf(first[:16+length]))
		}
		aboard, damaged := scan(image)
		var last uint64
		for _, at := range aboard {
			stored := image[at.first*blockSize:][:at.encodedSize()]
			if binary.BigEndian.Uint32(stored[12:]) != sumOf(stored) {
				t.Errorf("the checksum of the record in block %d does not match", at.first)
			}
			if !bytes.Equal(at.encode(at.number)[:len(stored)], stored) {
				t.Errorf("the record in block %d is not what is stored there", at.first)
			}
			if at.number < last {
				t.Errorf("record %d comes after %d", at.number, last)
			}
			last = at.number
			clear(image[at.first*blockSize : (at.first+at.count)*blockSize])
		}
		for i := 1; i < blocks; i++ {
			// Records that overlap would not have been found whole.
			if block := image[i*blockSize : (i+1)*blockSize]; damaged[i] == isZero(block) {
				t.Errorf("block %d: damaged is %v", i, damaged[i])
			}
		}
	})
}

// sumOf returns the checksum of a stored record as the format says it.
func sumOf(p []byte) uint32 {
	covered := append(bytes.Clone(p[:12]), p[16:]...)
	return crc32.Checksum(covered, crc32.MakeTable(crc32.Castagnoli))
}
