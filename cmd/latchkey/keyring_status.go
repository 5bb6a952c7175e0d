package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods/replica"
	"latchkey/authmethods/vault"
)

type keyringStatus struct {
	JSON bool `help:"Print one JSON object." name:"json"`
}

// keyStatus is a key-encryption key as it is shown.
type keyStatus struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Where    string `json:"where"`
	DataKeys int    `json:"data_keys"`
}

// serverStatus is what a server that runs says of its keys.
type serverStatus struct {
	ID     string   `json:"id"`
	Host   string   `json:"host"`
	Keys   []string `json:"keys"`
	Active string   `json:"active,omitempty"`
}

// rotationStatus is the last rotation.
type rotationStatus struct {
	KEK            string    `json:"key"`
	BeganAt        time.Time `json:"began_at"`
	DataKeys       bool      `json:"data_keys"`
	Finished       bool      `json:"finished"`
	TenantsWaiting int       `json:"tenants_waiting"`
}

type keyringReport struct {
	Source   string          `json:"source"`
	Active   string          `json:"active"`
	Keys     []keyStatus     `json:"keys"`
	Tenants  int             `json:"tenants"`
	Values   int             `json:"values"`
	Older    int             `json:"values_under_older_data_keys"`
	Servers  []serverStatus  `json:"servers"`
	Rotation *rotationStatus `json:"rotation,omitempty"`
}

func (c *keyringStatus) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		r, err := s.keyringReport(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(p.stdout, r)
		}
		return r.print(p)
	})
}

func (s *storage) keyringReport(ctx context.Context) (*keyringReport, error) {
	rot := s.rotator()
	r := &keyringReport{Source: s.keySource, Active: s.vault.Keys()[0]}
	states, err := rot.KeyStates(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range states {
		r.Keys = append(r.Keys, keyStatus{k.ID, stateOf(k), s.ring.Where(k.ID), k.DataKeys})
	}
	for _, id := range s.ring.IDs() {
		if !slices.ContainsFunc(states, func(k vault.KeyState) bool { return k.ID == id }) {
			r.Keys = append(r.Keys, keyStatus{id, "unused", s.ring.Where(id), 0})
		}
	}
	usage, err := rot.Usage(ctx)
	if err != nil {
		return nil, err
	}
	r.Tenants, r.Values, r.Older = usage.Tenants, usage.Values, usage.Older
	live, err := replica.Live(ctx, s.system)
	if err != nil {
		return nil, err
	}
	r.Servers = []serverStatus{}
	for _, l := range live {
		one := serverStatus{ID: l.ID, Host: l.Host, Keys: l.Keys}
		if len(l.Keys) > 0 {
			one.Active = l.Keys[0]
		}
		r.Servers = append(r.Servers, one)
	}
	now, err := rot.Current(ctx)
	if err == nil && now != nil {
		r.Rotation = &rotationStatus{now.KEK, now.BeganAt, !now.DataKeys.IsZero(), now.Finished, usage.Waiting}
	}
	return r, err
}

func stateOf(k vault.KeyState) string {
	switch {
	case k.Active:
		return "active"
	case !k.Required:
		return "waiting for all servers to have it"
	case k.DataKeys > 0:
		return "in use"
	}
	return "may be dropped"
}

func (r *keyringReport) print(p *program) error {
	rows := [][]string{{"Keyring", r.Source}, {"Active key", r.Active}}
	for _, k := range r.Keys {
		rows = append(rows, []string{"Key " + k.ID, fmt.Sprintf("%s; %s; wraps %d data keys", k.State, k.Where, k.DataKeys)})
	}
	rows = append(rows,
		[]string{"Tenants", strconv.Itoa(r.Tenants)},
		[]string{"Sealed values", fmt.Sprintf("%d, of which %d under older data keys", r.Values, r.Older)})
	for _, l := range r.Servers {
		said := "does not say which keys it has"
		if len(l.Keys) > 0 {
			said = "has " + strings.Join(l.Keys, ", ") + " and wraps with " + l.Active
		}
		rows = append(rows, []string{"Server " + l.ID, "on " + l.Host + ", " + said})
	}
	if n := r.Rotation; n != nil {
		state := "finished"
		if !n.Finished {
			state = fmt.Sprintf("not finished, %d tenants still to get a new data key; «latchkey keyring rotate» or any server goes on with it", n.TenantsWaiting)
		}
		rows = append(rows, []string{"Last rotation", fmt.Sprintf("to %s, begun %s, %s", n.KEK, n.BeganAt.Format(time.RFC3339), state)})
	}
	return table(p.stdout, rows...)
}
