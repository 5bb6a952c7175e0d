package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
)

type keyCommands struct {
	Create keyCreate `cmd:"" help:"Make a service account with a key, or one more key for it. The key is shown this once."`
	List   keyList   `cmd:"" help:"List the keys."`
	Revoke keyRevoke `cmd:"" help:"End a key for good."`
	Roll   keyRoll   `cmd:"" help:"Make a new key in the place of an old one, which works a while longer."`
}

// owner says whose a key is.
type owner struct {
	Tenant   string `help:"The tenant that owns the key, slug or id." placeholder:"TENANT" xor:"owner" required:""`
	Platform bool   `help:"The key belongs to the operator of the installation and may borrow from several tenants." xor:"owner" required:""`
}

func (o owner) ref() string {
	if o.Platform {
		return string(authmethods.Platform)
	}
	return o.Tenant
}

type keyCreate struct {
	Owner   owner         `embed:""`
	Name    string        `required:"" help:"The service's name. If it exists already it gets one more key." placeholder:"NAME"`
	Allow   []string      `sep:"none" placeholder:"[TENANT/]METHOD:ENVIRONMENT[:SCOPE,…]" help:"What it may borrow; may be repeated. * stands for every method or environment."`
	Admin   bool          `help:"It may use the administration API of its tenant."`
	Expires time.Duration `help:"How long the key lives (default: for ever)." placeholder:"DURATION"`
	JSON    bool          `help:"Print one JSON object." name:"json"`
}

// keyView is a key as commands print it; Key is its secret, when it is new.
type keyView struct {
	ID         authmethods.ID `json:"id"`
	Service    string         `json:"service"`
	ServiceID  authmethods.ID `json:"service_id"`
	Tenant     string         `json:"tenant"`
	Admin      bool           `json:"admin"`
	Permits    []string       `json:"permits"`
	State      string         `json:"state"`
	CreatedAt  time.Time      `json:"created_at,omitzero"`
	ExpiresAt  time.Time      `json:"expires_at,omitzero"`
	LastUsedAt time.Time      `json:"last_used_at,omitzero"`
	Key        string         `json:"key,omitempty"`
}

func (c *keyCreate) Run(ctx context.Context, p *program) error {
	permits, err := parsePermits(c.Allow)
	if err != nil {
		return &usageError{err: err, command: "key create"}
	}
	if c.Expires < 0 {
		return &usageError{err: errors.New("--expires must be in the future"), command: "key create"}
	}
	return p.withStorage(ctx, func(s *storage) error {
		view, tenant, err := s.as(ctx, c.Owner.ref())
		if err != nil {
			return err
		}
		service, err := c.service(ctx, view, permits)
		if err != nil {
			return err
		}
		var expires time.Time
		if c.Expires > 0 {
			expires = time.Now().Add(c.Expires)
		}
		issued, err := view.IssueKey(ctx, string(service.ID), c.Name, expires)
		if err != nil {
			return err
		}
		return p.printIssued(viewKey(tenant, service, issued.APIKey), issued, c.JSON)
	})
}

// service makes the service, or finds the one that is to get another key.
func (c *keyCreate) service(ctx context.Context, view *store.Tenant, permits []authmethods.Permit) (authmethods.Service, error) {
	if len(permits) == 0 && !c.Admin {
		have, err := view.Service(ctx, c.Name)
		if authmethods.KindOf(err) != authmethods.NotFound {
			return have, err
		}
	}
	return view.CreateService(ctx, store.NewService{Name: c.Name, Admin: c.Admin, Permits: permits})
}

// anyOwner says whose keys are meant; neither is everybody's.
type anyOwner struct {
	Tenant   string `help:"Of this tenant only, slug or id." placeholder:"TENANT" xor:"owner"`
	Platform bool   `help:"Of the operator of the installation only." xor:"owner"`
}

type keyList struct {
	Owner anyOwner `embed:""`
	JSON  bool     `help:"Print one JSON object." name:"json"`
}

func (c *keyList) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		views := []keyView{}
		rows := [][]string{{"KEY", "TENANT", "SERVICE", "STATE", "EXPIRES", "LAST USED", "MAY BORROW"}}
		err := s.eachKey(ctx, c.Owner, func(_ *store.Tenant, v keyView) (bool, error) {
			views = append(views, v)
			rows = append(rows, []string{string(v.ID), v.Tenant, v.Service, v.State, day(v.ExpiresAt), day(v.LastUsedAt), strings.Join(v.Permits, " ")})
			return false, nil
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"keys": views})
		}
		return table(p.stdout, rows...)
	})
}

type keyRevoke struct {
	Owner anyOwner       `embed:""`
	ID    authmethods.ID `arg:"" help:"The key's id, key_…"`
	JSON  bool           `help:"Print one JSON object." name:"json"`
}

func (c *keyRevoke) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		err := s.onKey(ctx, c.Owner, c.ID, func(view *store.Tenant, _ keyView) error {
			return view.RevokeKey(ctx, c.ID)
		})
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"id": c.ID, "state": "revoked"})
		}
		fmt.Fprintf(p.stdout, "The key %s is revoked. Running servers refuse it within a second.\n", c.ID)
		return nil
	})
}

type keyRoll struct {
	Owner   anyOwner       `embed:""`
	ID      authmethods.ID `arg:"" help:"The old key's id, key_…"`
	Overlap time.Duration  `help:"How long the old key goes on working." default:"24h"`
	JSON    bool           `help:"Print one JSON object." name:"json"`
}

func (c *keyRoll) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		return s.onKey(ctx, c.Owner, c.ID, func(view *store.Tenant, v keyView) error {
			issued, err := view.RollKey(ctx, c.ID, c.Overlap)
			if err != nil {
				return err
			}
			v.ID, v.CreatedAt, v.ExpiresAt, v.LastUsedAt = issued.ID, issued.CreatedAt, issued.ExpiresAt, time.Time{}
			return p.printIssued(v, issued, c.JSON)
		})
	})
}

// eachKey calls f with the keys of those meant until f says that it is done.
func (s *storage) eachKey(ctx context.Context, whose anyOwner, f func(*store.Tenant, keyView) (bool, error)) error {
	refs := []string{whose.Tenant}
	switch {
	case whose.Platform:
		refs = []string{string(authmethods.Platform)}
	case whose.Tenant == "":
		all, err := s.tenants.List(ctx)
		if err != nil {
			return err
		}
		refs = []string{string(authmethods.Platform)}
		for _, t := range all {
			refs = append(refs, string(t.ID))
		}
	}
	for _, ref := range refs {
		view, tenant, err := s.as(ctx, ref)
		if err != nil {
			return err
		}
		services, err := view.Services(ctx)
		if err != nil {
			return err
		}
		for _, service := range services {
			for _, key := range service.Keys {
				if done, err := f(view, viewKey(tenant, service, key)); done || err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// onKey calls f with one key.
func (s *storage) onKey(ctx context.Context, whose anyOwner, id authmethods.ID, f func(*store.Tenant, keyView) error) error {
	found := false
	err := s.eachKey(ctx, whose, func(view *store.Tenant, v keyView) (bool, error) {
		if v.ID != id {
			return false, nil
		}
		found = true
		return true, f(view, v)
	})
	if err == nil && !found {
		return named(authmethods.Missing(), "There is no key "+strconv.Quote(string(id))+" here.")
	}
	return err
}

// printIssued shows a new key. It goes to standard output and nowhere else.
func (p *program) printIssued(v keyView, issued authmethods.IssuedKey, asJSON bool) error {
	v.Key = issued.Shown.Reveal()
	if asJSON {
		return printJSON(p.stdout, v)
	}
	fmt.Fprintf(p.stderr, "Key %s of %s. It is shown this once: keep it where the service finds it.\n", v.ID, v.Service)
	_, err := fmt.Fprintln(p.stdout, v.Key)
	return err
}

func viewKey(t authmethods.Tenant, s authmethods.Service, k authmethods.APIKey) keyView {
	v := keyView{
		ID: k.ID, Service: s.Name, ServiceID: s.ID, Tenant: t.Slug, Admin: s.Admin, Permits: []string{},
		State: "active", CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt,
	}
	switch {
	case !k.RevokedAt.IsZero():
		v.State = "revoked"
	case !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(time.Now()):
		v.State = "expired"
	case s.Disabled:
		v.State = "disabled"
	}
	for _, p := range s.Permits {
		v.Permits = append(v.Permits, showPermit(p))
	}
	return v
}

// parsePermits reads [TENANT/]METHOD:ENVIRONMENT[:SCOPE,…].
func parsePermits(allow []string) ([]authmethods.Permit, error) {
	var permits []authmethods.Permit
	for _, text := range allow {
		parts := strings.SplitN(text, ":", 3)
		if len(parts) < 2 || slices.Contains(parts, "") {
			return nil, fmt.Errorf("--allow %s is not METHOD:ENVIRONMENT, such as zoho-desk:production", strconv.Quote(text))
		}
		p := authmethods.Permit{Method: parts[0], Environment: parts[1]}
		if tenant, method, ok := strings.Cut(parts[0], "/"); ok {
			p.Tenant, p.Method = tenant, method
		}
		if len(parts) == 3 {
			p.Scopes = strings.Split(parts[2], ",")
		}
		permits = append(permits, p)
	}
	return permits, nil
}

func showPermit(p authmethods.Permit) string {
	text := p.Method + ":" + p.Environment
	if p.Tenant != "" {
		text = p.Tenant + "/" + text
	}
	if len(p.Scopes) > 0 {
		text += ":" + strings.Join(p.Scopes, ",")
	}
	return text
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04")
}
