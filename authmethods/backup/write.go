package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"maps"

	"latchkey/authmethods/db"
)

// Progress is told how many rows of a table have passed, now and then.
type Progress func(table string, rows int64)

// often is after how many rows progress is told.
const often = 100_000

// Write writes a backup of all that sys holds at this moment. program is the version
// of the program. progress may be nil.
func Write(ctx context.Context, sys db.System, to io.Writer, program string, progress Progress) (Summary, error) {
	w := &writer{to: bufio.NewWriterSize(to, 1<<20), digest: sha256.New()}
	err := db.TakeSnapshot(ctx, sys, func(s *db.Snapshot) error {
		w.sum.Header = Header{Program: program, Schema: s.Schema, Dialect: s.Dialect, TakenAt: s.TakenAt, Keys: map[string]string{}}
		if s.Schema == 0 {
			return fmt.Errorf("backup: the database is empty")
		}
		for _, t := range s.Tables {
			if err := readKeys(ctx, s, t, w.sum.Keys); err != nil {
				return err
			}
		}
		w.write([]byte(magic))
		if err := w.json(frameHeader, w.sum.Header); err != nil {
			return err
		}
		for _, t := range s.Tables {
			if err := w.table(ctx, s, t, progress); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return w.sum, err
	}
	if err := w.json(frameTrailer, trailer{w.sum.Rows, hex.EncodeToString(w.digest.Sum(nil))}); err != nil {
		return w.sum, err
	}
	if err := w.to.Flush(); err != nil {
		return w.sum, fmt.Errorf("backup: writing: %w", err)
	}
	return w.sum, nil
}

// readKeys reads the check values of the keys that the data is sealed with, if t
// holds them. One without required_at is not used yet, unless none has it.
func readKeys(ctx context.Context, s *db.Snapshot, t db.Table, into map[string]string) error {
	if t.Name != "key_checks" {
		return nil
	}
	at := map[string]int{}
	for i, c := range t.Columns {
		at[c.Name] = i
	}
	required, waits := at["required_at"]
	others := map[string]string{}
	err := s.Rows(ctx, t, func(row []any) error {
		id, okID := row[at["id"]].(string)
		value, okValue := row[at["check_value"]].(string)
		if !okID || !okValue {
			return fmt.Errorf("backup: the check values of the keys cannot be read")
		}
		if waits && row[required] == nil {
			others[id] = value
		} else {
			into[id] = value
		}
		return nil
	})
	if len(into) == 0 {
		maps.Copy(into, others)
	}
	return err
}

// writer writes frames.
type writer struct {
	to     *bufio.Writer
	digest hash.Hash
	sum    Summary
	buffer []byte
	err    error // the first
}

// write writes what counts for the digest.
func (w *writer) write(b []byte) {
	w.sum.Bytes += int64(len(b))
	w.digest.Write(b)
	if _, err := w.to.Write(b); err != nil && w.err == nil {
		w.err = fmt.Errorf("backup: writing: %w", err)
	}
}

func (w *writer) frame(kind byte, payload []byte) {
	w.write(binary.AppendUvarint([]byte{kind}, uint64(len(payload))))
	w.write(payload)
}

func (w *writer) json(kind byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	w.frame(kind, text)
	return nil
}

func (w *writer) table(ctx context.Context, s *db.Snapshot, t db.Table, progress Progress) error {
	keeps := kept(t.Name, namesOf(t))
	if keeps == nil {
		return nil
	}
	if err := w.json(frameTable, t); err != nil {
		return err
	}
	var rows int64
	err := s.Rows(ctx, t, func(row []any) (err error) {
		if !keeps(row) {
			return nil
		}
		if w.buffer, err = appendRow(w.buffer[:0], row); err != nil {
			return fmt.Errorf("backup: the table %s: %w", t.Name, err)
		}
		w.frame(frameRow, w.buffer)
		w.sum.count(t.Name)
		if rows++; rows%often == 0 && progress != nil {
			progress(t.Name, rows)
		}
		return w.err
	})
	if err == nil && t.Name == "tenants" {
		w.sum.Tenants-- // the platform
	}
	return err
}

func namesOf(t db.Table) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}
