package audit

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
)

// Format is a form in which events leave the installation.
type Format string

// The formats: comma-separated values with a header line, and one JSON object in a
// line, as the administration API has it.
const (
	CSV   Format = "csv"
	Lines Format = "jsonl"
)

// Export returns a function that writes events to w, as often as it is called.
func (f Format) Export(w io.Writer) func([]authmethods.Event) error {
	if f == Lines {
		encoder := json.NewEncoder(w)
		return func(events []authmethods.Event) error {
			for i := range events {
				if err := encoder.Encode(LineOf(events[i])); err != nil {
					return err
				}
			}
			return nil
		}
	}
	var table *csv.Writer
	return func(events []authmethods.Event) error {
		if table == nil {
			table = csv.NewWriter(w)
			if err := table.Write(columns[:]); err != nil {
				return err
			}
		}
		for i := range events {
			if err := table.Write(record(&events[i])); err != nil {
				return err
			}
		}
		table.Flush()
		return table.Error()
	}
}

var columns = [...]string{"number", "time", "actor_kind", "actor_id", "actor", "action", "object_id", "object", "request_id", "changes"}

// record is an event as a row.
func record(e *authmethods.Event) []string {
	changed := ""
	if len(e.Changes) > 0 {
		b, err := json.Marshal(e.Changes)
		if err != nil {
			b = []byte("?")
		}
		changed = string(b)
	}
	row := []string{
		strconv.FormatInt(e.Seq, 10), e.At.UTC().Format(time.RFC3339Nano), string(e.Actor.Kind), string(e.Actor.ID), e.Actor.Name,
		e.Action, string(e.Object), e.ObjectRef, e.RequestID, changed,
	}
	for i := range row {
		row[i] = harmless(row[i])
	}
	return row
}

// harmless keeps a spreadsheet from taking a text for a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}

// Line is an event as JSON, in exports and in the administration API.
type Line struct {
	ID        authmethods.ID                `json:"id"`
	Seq       int64                         `json:"seq"`
	At        time.Time                     `json:"at"`
	Actor     lineActor                     `json:"actor"`
	Action    string                        `json:"action"`
	Object    authmethods.ID                `json:"object,omitempty"`
	ObjectRef string                        `json:"object_ref,omitempty"`
	RequestID string                        `json:"request_id,omitempty"`
	Changes   map[string]authmethods.Change `json:"changes,omitempty"`
}

type lineActor struct {
	Kind authmethods.ActorKind `json:"kind"`
	ID   authmethods.ID        `json:"id,omitempty"`
	Name string                `json:"name,omitempty"`
}

// LineOf returns an event as JSON.
func LineOf(e authmethods.Event) Line {
	return Line{
		ID: e.ID, Seq: e.Seq, At: e.At.UTC(), Actor: lineActor{e.Actor.Kind, e.Actor.ID, e.Actor.Name}, Action: e.Action,
		Object: e.Object, ObjectRef: e.ObjectRef, RequestID: e.RequestID, Changes: e.Changes,
	}
}
