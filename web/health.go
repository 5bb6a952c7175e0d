package web

import (
	"net/http"

	"latchkey"
	"latchkey/authmethods"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Check is one thing that the server needs.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"` // for operators; the public does not see it
}

type health struct {
	Status string  `json:"status"`
	Checks []Check `json:"checks,omitempty"`
}

// livez says that the process answers; it must not depend on anything else, or a
// database that is away would have every process restarted.
func (d Deps) livez(c *route.Call) error {
	return c.Reply(http.StatusOK, health{Status: "ok"})
}

// readyz says whether requests should be sent here.
func (d Deps) readyz(c *route.Call) error {
	h, status := health{Status: "ok"}, http.StatusOK
	if d.Ready != nil {
		h.Checks = d.Ready(c.Request().Context())
	}
	for i, check := range h.Checks {
		if !check.OK {
			h.Status, status = "unavailable", http.StatusServiceUnavailable
			c.Response().Header().Set("Retry-After", "2")
		}
		if c.Listener == route.Public {
			h.Checks[i].Detail = ""
		}
	}
	return c.Reply(status, h)
}

// description is the API description.
func (d Deps) description(c *route.Call) error {
	w := c.Response()
	w.Header().Set("Content-Type", "application/yaml")
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(latchkey.APISpec)
	return err
}

// static is what pages load, each file under the name that its content gives it.
func (d Deps) static(c *route.Call) error {
	found, err := page.WriteStatic(c.Response(), c.Request(), c.Param("file"))
	if !found {
		return authmethods.Missing()
	}
	return err
}
