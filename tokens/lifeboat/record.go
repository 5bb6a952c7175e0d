package lifeboat

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// Record is a provider's answer to one attempt, and where it belongs.
type Record struct {
	Tenant  string
	Grant   string
	Attempt string // id of the attempt, by which the record is landed
	Lineage string
	Epoch   int64
	Version int64     // of the grant when the request was sent
	SentAt  time.Time // comes back in UTC
	Answer  []byte    // sealed: the file keeps it as it is
}

const (
	recordMagic  = "LKRECORD"
	checksumAt   = 12
	bodyAt       = 16
	fixedSize    = 36 // the numbers at the start of a body
	lengthPrefix = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encodedSize returns the bytes that r takes, the padding to a whole block aside.
func (r *Record) encodedSize() int {
	return bodyAt + fixedSize + 5*lengthPrefix +
		len(r.Tenant) + len(r.Grant) + len(r.Attempt) + len(r.Lineage) + len(r.Answer)
}

// encode returns r in whole blocks. It must have been seen to fit into the file.
func (r *Record) encode(number uint64) []byte {
	size := r.encodedSize()
	p := make([]byte, 0, blocksOf(size)*blockSize)
	p = append(p, recordMagic...)
	p = binary.BigEndian.AppendUint32(p, uint32(size-bodyAt))
	p = append(p, 0, 0, 0, 0) // the checksum, which is known last
	p = binary.BigEndian.AppendUint64(p, number)
	p = binary.BigEndian.AppendUint64(p, uint64(r.Epoch))
	p = binary.BigEndian.AppendUint64(p, uint64(r.Version))
	p = binary.BigEndian.AppendUint64(p, uint64(r.SentAt.Unix()))
	p = binary.BigEndian.AppendUint32(p, uint32(r.SentAt.Nanosecond()))
	for _, s := range []string{r.Tenant, r.Grant, r.Attempt, r.Lineage} {
		p = binary.BigEndian.AppendUint32(p, uint32(len(s)))
		p = append(p, s...)
	}
	p = binary.BigEndian.AppendUint32(p, uint32(len(r.Answer)))
	p = append(p, r.Answer...)
	binary.BigEndian.PutUint32(p[checksumAt:], checksum(p))
	return p[:cap(p)]
}

// checksum returns the checksum of an encoded record without its padding.
func checksum(p []byte) uint32 {
	return crc32.Update(crc32.Checksum(p[:checksumAt], castagnoli), castagnoli, p[bodyAt:])
}

// decode reads the record that p starts with. It shares no memory with p.
func decode(p []byte) (r Record, number uint64, ok bool) {
	if len(p) < bodyAt+fixedSize || string(p[:len(recordMagic)]) != recordMagic {
		return Record{}, 0, false
	}
	length := uint64(binary.BigEndian.Uint32(p[len(recordMagic):]))
	if length < fixedSize || length > uint64(len(p)-bodyAt) {
		return Record{}, 0, false
	}
	p = p[:bodyAt+int(length)]
	if binary.BigEndian.Uint32(p[checksumAt:]) != checksum(p) {
		return Record{}, 0, false
	}
	body := p[bodyAt:]
	nanoseconds := binary.BigEndian.Uint32(body[32:])
	if nanoseconds >= uint32(time.Second) {
		return Record{}, 0, false
	}
	r = Record{
		Epoch:   int64(binary.BigEndian.Uint64(body[8:])),
		Version: int64(binary.BigEndian.Uint64(body[16:])),
		SentAt:  time.Unix(int64(binary.BigEndian.Uint64(body[24:])), int64(nanoseconds)).UTC(),
	}
	rest := body[fixedSize:]
	for _, s := range []*string{&r.Tenant, &r.Grant, &r.Attempt, &r.Lineage} {
		field, after, ok := cutField(rest)
		if !ok {
			return Record{}, 0, false
		}
		*s, rest = string(field), after
	}
	answer, rest, ok := cutField(rest)
	if !ok || len(rest) > 0 {
		return Record{}, 0, false
	}
	r.Answer = append([]byte{}, answer...)
	return r, binary.BigEndian.Uint64(body), true
}

// cutField returns the field that p starts with and what comes after it.
func cutField(p []byte) (field, rest []byte, ok bool) {
	if len(p) < lengthPrefix {
		return nil, nil, false
	}
	n := uint64(binary.BigEndian.Uint32(p))
	if p = p[lengthPrefix:]; n > uint64(len(p)) {
		return nil, nil, false
	}
	return p[:n], p[n:], true
}
