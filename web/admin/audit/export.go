package audit

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/web/route"
)

// atOnce is how many events are read in one go.
const atOnce = 1000

// ExportCSV is GET /audit/export.csv: what the page shows, all of it, the newest
// first.
func (h *Handlers) ExportCSV(c *route.Call) error {
	var table *csv.Writer
	return h.export(c, "text/csv; charset=utf-8; header=present", "audit.csv", func(w io.Writer, events []authmethods.Event) error {
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
	})
}

// ExportLines is GET /audit/export.jsonl: an object for each event, one in a line.
func (h *Handlers) ExportLines(c *route.Call) error {
	return h.export(c, "application/jsonl", "audit.jsonl", func(w io.Writer, events []authmethods.Event) error {
		encoder := json.NewEncoder(w)
		for i := range events {
			if err := encoder.Encode(lineOf(&events[i])); err != nil {
				return err
			}
		}
		return nil
	})
}

// export writes events page by page, so that a long log needs no memory. The first page
// is read before anything is sent.
func (h *Handlers) export(c *route.Call, media, name string, write func(io.Writer, []authmethods.Event) error) error {
	q, err := read(c.Request())
	if err != nil {
		return err
	}
	in, err := h.Store.For(c.Caller)
	if err != nil {
		return err
	}
	q.Limit = atOnce
	ctx, w := c.Request().Context(), c.Response()
	for begun := false; ; begun = true {
		events, err := in.Events(ctx, q)
		if err != nil {
			if begun {
				panic(http.ErrAbortHandler) // half a file must not look like a whole one
			}
			return err
		}
		if !begun {
			w.Header().Set("Content-Type", media)
			w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusOK)
		}
		if err := write(w, events); err != nil {
			return err
		}
		if len(events) < atOnce {
			return nil
		}
		q.BeforeSeq = events[len(events)-1].Seq
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

// line is an event as JSON, as the administration API has it.
type line struct {
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

func lineOf(e *authmethods.Event) line {
	return line{
		ID: e.ID, Seq: e.Seq, At: e.At.UTC(), Actor: lineActor{e.Actor.Kind, e.Actor.ID, e.Actor.Name}, Action: e.Action,
		Object: e.Object, ObjectRef: e.ObjectRef, RequestID: e.RequestID, Changes: e.Changes,
	}
}
