package zohosim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// serveControl serves the index page and the control API, with which people drive the simulator
// from outside: /_sim/faults, /_sim/clock/advance, /_sim/events and so on.
func (s *Sim) serveControl(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	// A page on the web must not be able to steer a simulator on somebody's machine.
	if site := r.Header.Get("Sec-Fetch-Site"); r.Method != http.MethodGet && site != "" && site != "same-origin" && site != "none" {
		http.Error(w, "cross-site request", http.StatusForbidden)
		return
	}
	s.control.ServeHTTP(w, r)
}

func (s *Sim) controlMux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /_sim/style.css", s.style)
	mux.HandleFunc("GET /_sim/events", s.controlEvents)
	mux.HandleFunc("POST /_sim/users", control(func(u User) (any, error) { return s.AddUser(u) }))
	mux.HandleFunc("POST /_sim/clients", control(func(c Client) (any, error) { return acknowledged, s.AddClient(c) }))
	mux.HandleFunc("POST /_sim/faults", control(func(f Fault) (any, error) { s.Inject(f); return acknowledged, nil }))
	mux.HandleFunc("POST /_sim/clock/advance", control(s.controlAdvance))
	mux.HandleFunc("POST /_sim/revoke", control(s.controlRevoke))
	mux.HandleFunc("POST /_sim/keys/rotate", control(s.controlRotate))
	mux.HandleFunc("POST /_sim/self-client-code", control(func(q SelfClientRequest) (any, error) {
		code, err := s.SelfClientCode(q)
		return map[string]string{"code": code}, err
	}))
	mux.HandleFunc("POST /_sim/switches", s.controlSwitches)
	for path, list := range map[string]func() any{
		"tokens": func() any { return s.Tokens() }, "switches": func() any { return s.Switches() },
		"faults": func() any { return s.Faults() }, "catalog": func() any { return s.DataCentres() },
		"clock": func() any { return map[string]time.Time{"now": s.clock.Now()} },
	} {
		mux.HandleFunc("GET /_sim/"+path, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, list()) })
	}
	mux.HandleFunc("DELETE /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		writeJSON(w, http.StatusOK, acknowledged)
	})
	return mux
}

// acknowledged is the answer of a control call with nothing else to say.
const acknowledged = controlOK("ok")

type controlOK string

// MarshalJSON writes the answer as an object, as every other one is.
func (o controlOK) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{"status":%q}`, string(o)), nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // the only possible error is a client that has gone
}

func decodeStrict(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	return nil
}

// control makes a handler of a function from one JSON object to another.
func control[In any](do func(In) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		err := decodeStrict(r, &in)
		var out any
		if err == nil {
			out, err = do(in)
		}
		if err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		writeJSON(w, http.StatusOK, out)
	}
}

type advanceRequest struct {
	By string `json:"by"`
}

func (s *Sim) controlAdvance(in advanceRequest) (any, error) {
	by, err := time.ParseDuration(in.By)
	if err != nil {
		return nil, fmt.Errorf("advancing the clock: %w", err)
	}
	s.clock.Advance(by)
	return map[string]time.Time{"now": s.clock.Now()}, nil
}

type revokeRequest struct {
	RefreshToken string `json:"refresh_token"`
	User         string `json:"user"`
	Client       string `json:"client"`
}

// controlRevoke revokes one token, one app of a user, or everything of a user who leaves.
func (s *Sim) controlRevoke(in revokeRequest) (any, error) {
	switch {
	case in.RefreshToken != "":
		return acknowledged, s.Revoke(in.RefreshToken)
	case in.User != "" && in.Client != "":
		return map[string]int{"revoked": s.RemoveApp(in.User, in.Client)}, nil
	case in.User != "":
		return map[string]int{"revoked": s.RemoveUser(in.User)}, nil
	}
	return nil, fmt.Errorf("revoking: name a refresh_token, or a user and perhaps a client")
}

type rotateRequest struct {
	DC string `json:"dc"`
}

func (s *Sim) controlRotate(in rotateRequest) (any, error) {
	if s.centre(in.DC) == nil {
		return nil, fmt.Errorf("rotating keys: unknown data centre %q", in.DC)
	}
	s.RotateKeys(in.DC)
	return acknowledged, nil
}

// controlSwitches changes the switches that are named and leaves the others.
func (s *Sim) controlSwitches(w http.ResponseWriter, r *http.Request) {
	changed := s.Switches()
	if err := decodeStrict(r, &changed); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	s.Switch(func(sw *Switches) { *sw = changed })
	writeJSON(w, http.StatusOK, changed)
}

func (s *Sim) controlEvents(w http.ResponseWriter, r *http.Request) {
	since, _ := strconv.ParseUint(r.FormValue("since"), 10, 64) // no number means from the start
	kind := r.FormValue("kind")
	list := slices.DeleteFunc(s.Events(), func(e Event) bool {
		return e.Sequence <= since || (kind != "" && e.Kind != kind)
	})
	writeJSON(w, http.StatusOK, map[string]any{"dropped": s.EventsDropped(), "events": list})
}

func (s *Sim) style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write([]byte(styleCSS))
}

func (s *Sim) index(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	p := page{Lang: "en", Title: "Simulated Zoho", Style: "/_sim/style.css", Centres: s.DataCentres()}
	for _, u := range s.users {
		shown := *u
		p.Known = append(p.Known, &shown)
	}
	for _, c := range s.clients {
		shown := *c
		p.Clients = append(p.Clients, &shown)
	}
	s.mu.Unlock()
	slices.SortFunc(p.Clients, func(a, b *Client) int { return strings.Compare(a.ID, b.ID) })
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'")
	_ = s.templates.ExecuteTemplate(w, "index", p)
}
