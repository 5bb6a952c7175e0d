package audit

import (
	"net/http"

	log "latchkey/authmethods/audit"
	"latchkey/web/route"
)

// atOnce is how many events are read in one go.
const atOnce = 1000

// ExportCSV is GET /audit/export.csv: what the page shows, all of it, the newest
// first.
func (h *Handlers) ExportCSV(c *route.Call) error {
	return h.export(c, "text/csv; charset=utf-8; header=present", log.CSV)
}

// ExportLines is GET /audit/export.jsonl: an object for each event, one in a line.
func (h *Handlers) ExportLines(c *route.Call) error {
	return h.export(c, "application/jsonl", log.Lines)
}

// export writes events page by page, so that a long log needs no memory. The first page
// is read before anything is sent, and that it is sent is itself in the log.
func (h *Handlers) export(c *route.Call, media string, format log.Format) error {
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
	write := format.Export(w)
	for begun := false; ; begun = true {
		events, err := in.Events(ctx, q)
		if err == nil && !begun && c.Request().Method == http.MethodGet {
			err = in.RecordExport(ctx, string(format), q)
		}
		if err != nil {
			if begun {
				panic(http.ErrAbortHandler) // half a file must not look like a whole one
			}
			return err
		}
		if !begun {
			w.Header().Set("Content-Type", media)
			w.Header().Set("Content-Disposition", `attachment; filename="audit.`+string(format)+`"`)
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusOK)
		}
		if err := write(events); err != nil {
			return err
		}
		if len(events) < atOnce {
			return nil
		}
		q.BeforeSeq = events[len(events)-1].Seq
	}
}
