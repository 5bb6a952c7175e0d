package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"latchkey/authmethods/db"
)

// ErrDamaged says that a file is no whole backup: it was cut, altered, or never one.
var ErrDamaged = errors.New("the file is not a whole backup")

// File is a backup that was found to be whole.
type File struct {
	Summary
	from io.ReadSeeker
}

// Open reads a backup to its end, and refuses one that is not as it was written. Its
// digest tells damage; it does not tell who wrote the file.
func Open(from io.ReadSeeker) (*File, error) {
	f := &File{from: from}
	err := f.walk(nil, func(table *db.Table, payload []byte) error {
		f.count(table.Name)
		return nil
	})
	if f.Tenants > 0 {
		f.Tenants-- // the platform
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("backup: %w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// walk reads the file from its beginning and calls begin for each table and each
// for each row, undecoded; both may be nil.
func (f *File) walk(begin func(db.Table) error, each func(table *db.Table, payload []byte) error) error {
	if _, err := f.from.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("backup: reading: %w", err)
	}
	r := &frames{from: bufio.NewReaderSize(f.from, 256<<10), digest: sha256.New()}
	if err := r.begin(); err != nil {
		return err
	}
	kind, payload, err := r.next()
	if err != nil || kind != frameHeader || json.Unmarshal(payload, &f.Header) != nil {
		return damaged("it has no header")
	}
	var table *db.Table
	for rows := int64(0); ; {
		if kind, payload, err = r.next(); err != nil {
			return err
		}
		switch {
		case kind == frameTable:
			table = &db.Table{}
			if json.Unmarshal(payload, table) != nil || len(table.Columns) == 0 {
				return damaged("the description of a table cannot be read")
			}
			if begin != nil {
				err = begin(*table)
			}
		case kind == frameRow && table != nil:
			rows++
			err = each(table, payload)
		case kind == frameTrailer:
			return r.end(payload, rows)
		default:
			return damaged("something is in it that cannot be")
		}
		if err != nil {
			return err
		}
	}
}

// frames reads frames.
type frames struct {
	from   *bufio.Reader
	digest hash.Hash
	before []byte // the digest of all before the trailer
	buffer []byte
}

func (r *frames) begin() error {
	first := make([]byte, len(magic))
	if _, err := io.ReadFull(r.from, first); err != nil || string(first) != magic {
		if bytes.HasPrefix(first, []byte("LATCHKEY BACKUP ")) {
			return damaged("a newer Latchkey wrote it")
		}
		return damaged("it does not begin like one")
	}
	r.digest.Write(first)
	return nil
}

// next returns the next frame; its payload is good until the one after.
func (r *frames) next() (kind byte, payload []byte, err error) {
	if kind, err = r.from.ReadByte(); err != nil {
		return 0, nil, cut(err)
	}
	size, err := binary.ReadUvarint(r.from)
	if err != nil {
		return 0, nil, cut(err)
	}
	if size > maxFrame {
		return 0, nil, damaged("something in it has a length that cannot be")
	}
	// Grown by what is there, not by what is said to be.
	r.buffer = r.buffer[:0]
	for uint64(len(r.buffer)) < size {
		from := len(r.buffer)
		r.buffer = append(r.buffer, make([]byte, min(size-uint64(from), 64<<10))...)
		if _, err := io.ReadFull(r.from, r.buffer[from:]); err != nil {
			return 0, nil, cut(err)
		}
	}
	if kind == frameTrailer {
		r.before = r.digest.Sum(nil)
	}
	r.digest.Write(binary.AppendUvarint([]byte{kind}, size))
	r.digest.Write(r.buffer)
	return kind, r.buffer, nil
}

func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged("its end is missing")
	}
	return fmt.Errorf("backup: reading: %w", err)
}

// end holds the trailer against what was read before it.
func (r *frames) end(payload []byte, rows int64) error {
	want, err := json.Marshal(trailer{rows, hex.EncodeToString(r.before)})
	if err != nil || !bytes.Equal(payload, want) {
		return damaged("its content is not what was written")
	}
	if _, err := r.from.ReadByte(); !errors.Is(err, io.EOF) {
		return damaged("something follows its end")
	}
	return nil
}
