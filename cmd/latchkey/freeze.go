package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/replica"
	"latchkey/authmethods/store"
)

type freezeCommands struct {
	Set  freezeSet  `cmd:"" default:"withargs" help:"Stop everything in a scope at once: nothing is lent, refreshed, approved or signed in to. Nothing is lost."`
	List freezeList `cmd:"" help:"List what is frozen."`
}

// frozenScope is what a command freezes or lifts.
type frozenScope struct {
	Tenant  string `help:"Only this tenant (default: the whole installation)." placeholder:"TENANT"`
	Method  string `help:"Only this method of the tenant." placeholder:"METHOD" xor:"object"`
	Service string `help:"Only this service account of the tenant." placeholder:"SERVICE" xor:"object"`
}

// in opens the tenant in which the freeze is.
func (c *frozenScope) in(ctx context.Context, s *storage, command string) (*store.Tenant, authmethods.Tenant, store.FreezeTarget, error) {
	target := store.FreezeTarget{Everything: c.Tenant == "", Method: c.Method, Service: c.Service}
	tenant := c.Tenant
	if target.Everything {
		if c.Method != "" || c.Service != "" {
			return nil, authmethods.Tenant{}, target, &usageError{err: errors.New("--method and --service need --tenant"), command: command}
		}
		tenant = string(authmethods.Platform)
	}
	view, t, err := s.as(ctx, tenant)
	return view, t, target, err
}

// frozenView is a freeze as commands print it.
type frozenView struct {
	Tenant   string                  `json:"tenant,omitempty"` // slug
	Scope    authmethods.FreezeScope `json:"scope"`
	Object   string                  `json:"object,omitempty"`
	Reason   string                  `json:"reason,omitempty"`
	FrozenAt time.Time               `json:"frozen_at"`
	FrozenBy string                  `json:"frozen_by"`
	LiftedBy authmethods.Lifter      `json:"lifted_by"`
}

func viewFreeze(t authmethods.Tenant, f authmethods.Freeze) frozenView {
	v := frozenView{Tenant: t.Slug, Scope: f.Scope, Object: f.Object, Reason: f.Reason, FrozenAt: f.At, FrozenBy: f.By.Name, LiftedBy: f.Lifter}
	if f.Scope == authmethods.FreezeEverything {
		v.Tenant = ""
	}
	return v
}

// String names what is frozen.
func (v frozenView) String() string {
	switch v.Scope {
	case authmethods.FreezeEverything:
		return "everything"
	case authmethods.FreezeTenant:
		return "the tenant " + v.Tenant
	}
	return "the " + string(v.Scope) + " " + v.Object + " of " + v.Tenant
}

// reachView is what became of telling the servers.
type reachView struct {
	Heard   []serverView `json:"heard"`
	Lapsed  []serverView `json:"lapsed"`
	Waiting []serverView `json:"waiting"`
	Took    int64        `json:"took_ms"`
}

type serverView struct {
	ID   string    `json:"id"`
	Host string    `json:"host"`
	Seen time.Time `json:"seen_at"`
}

func viewReach(r replica.Report) reachView {
	v := reachView{Took: r.Took.Milliseconds()}
	for _, part := range []struct {
		to   *[]serverView
		from []replica.Replica
	}{{&v.Heard, r.Heard}, {&v.Lapsed, r.Lapsed}, {&v.Waiting, r.Waiting}} {
		*part.to = []serverView{}
		for _, s := range part.from {
			*part.to = append(*part.to, serverView{s.ID, s.Host, s.SeenAt})
		}
	}
	return v
}

type freezeSet struct {
	Scope   frozenScope   `embed:""`
	Reason  string        `help:"Why, in a line. Whoever is stopped is shown it." placeholder:"TEXT"`
	Timeout time.Duration `help:"How long to wait for servers that do not answer." default:"15m"`
	JSON    bool          `help:"Print one JSON object." name:"json"`
}

func (c *freezeSet) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		view, t, target, err := c.Scope.in(ctx, s, "freeze")
		if err != nil {
			return err
		}
		f, isNew, err := view.Freeze(ctx, target, c.Reason)
		if err != nil {
			return err
		}
		shown := viewFreeze(t, f)
		if !isNew {
			fmt.Fprintf(p.stderr, "Frozen already: %s, since %s.\n", shown, f.At.Format(time.RFC3339))
		}
		waiting, cancel := context.WithTimeoutCause(ctx, c.Timeout, errNotEverywhere)
		defer cancel()
		report, err := view.Settle(waiting, func(r replica.Report) { tellWaiting(p.stderr, r) })
		if err != nil {
			return notEverywhere(shown, report, err)
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"frozen": shown, "servers": viewReach(report)})
		}
		fmt.Fprintf(p.stdout, "Frozen: %s. %s\n", shown, reached(report))
		for _, r := range report.Lapsed {
			fmt.Fprintf(p.stdout, "%s did not answer. It cannot act any more on what it remembers: it must ask the database first.\n", serverName(r))
		}
		return nil
	})
}

var errNotEverywhere = errors.New("not every server has answered in time")

// notEverywhere says that a freeze is made and not yet heard everywhere.
func notEverywhere(v frozenView, r replica.Report, err error) error {
	var missing []string
	for _, one := range r.Waiting {
		missing = append(missing, serverName(one))
	}
	return &authmethods.Problem{
		Kind: authmethods.Unavailable, Code: authmethods.CodeStorageUnavailable, Err: err,
		Detail: "The freeze of " + v.String() + " is made, but not every server is known to heed it yet: " + strings.Join(missing, ", ") +
			". Stop these servers, or repeat the command to go on waiting.",
	}
}

func serverName(r replica.Replica) string { return "The server " + r.ID + " on " + r.Host }

// tellWaiting says who is waited for, where somebody might wonder.
func tellWaiting(w io.Writer, r replica.Report) {
	if r.Took < time.Second {
		return
	}
	for _, one := range r.Waiting {
		fmt.Fprintf(w, "Waiting: %s was last heard of at %s. It lends from memory for %s at most without news.\n",
			serverName(one), one.SeenAt.Format(time.TimeOnly), one.Grace)
	}
}

func reached(r replica.Report) string {
	took := r.Took.Round(time.Millisecond)
	switch n := len(r.Heard); n {
	case 0:
		return fmt.Sprintf("No server runs that would have to know (%s).", took)
	case 1:
		return fmt.Sprintf("1 server has applied it, in %s.", took)
	default:
		return fmt.Sprintf("%d servers have applied it, in %s.", n, took)
	}
}

type freezeList struct {
	Tenant string `help:"Only of this tenant." placeholder:"TENANT"`
	JSON   bool   `help:"Print one JSON object." name:"json"`
}

func (c *freezeList) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		views, err := c.collect(ctx, s)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"freezes": views})
		}
		if len(views) == 0 {
			fmt.Fprintln(p.stdout, "Nothing is frozen.")
			return nil
		}
		rows := [][]string{{"FROZEN", "SINCE", "BY", "REASON"}}
		for _, v := range views {
			rows = append(rows, []string{v.String(), v.FrozenAt.Format(time.RFC3339), v.FrozenBy, v.Reason})
		}
		return table(p.stdout, rows...)
	})
}

func (c *freezeList) collect(ctx context.Context, s *storage) ([]frozenView, error) {
	tenants := []string{string(authmethods.Platform)}
	if c.Tenant != "" {
		tenants = []string{c.Tenant}
	} else {
		list, err := s.tenants.List(ctx)
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			if t.ID != authmethods.Platform {
				tenants = append(tenants, string(t.ID))
			}
		}
	}
	views := []frozenView{}
	for _, ref := range tenants {
		view, t, err := s.as(ctx, ref)
		if err != nil {
			return nil, err
		}
		freezes, err := view.Freezes(ctx)
		if err != nil {
			return nil, err
		}
		for _, f := range freezes {
			if f.Scope == authmethods.FreezeEverything && t.ID != authmethods.Platform && c.Tenant == "" {
				continue // listed with the platform
			}
			views = append(views, viewFreeze(t, f))
		}
	}
	return views, nil
}

type unfreezeCommand struct {
	Scope frozenScope `embed:""`
	JSON  bool        `help:"Print one JSON object." name:"json"`
}

// thawed is how long it is waited for the servers when a freeze is lifted: one that
// does not answer goes on refusing, and harms nobody.
const thawed = 3 * time.Second

func (c *unfreezeCommand) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		view, t, target, err := c.Scope.in(ctx, s, "unfreeze")
		if err != nil {
			return err
		}
		id, err := view.FreezeID(ctx, target)
		if err != nil {
			return err
		}
		f, err := view.Unfreeze(ctx, id)
		if err != nil {
			return named(err, "That is not frozen.")
		}
		waiting, cancel := context.WithTimeout(ctx, thawed)
		defer cancel()
		report, err := view.Settle(waiting, nil)
		if err != nil && waiting.Err() == nil {
			return err
		}
		shown := viewFreeze(t, f)
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"unfrozen": shown, "servers": viewReach(report)})
		}
		fmt.Fprintf(p.stdout, "Unfrozen: %s. %s\n", shown, reached(report))
		return nil
	})
}
