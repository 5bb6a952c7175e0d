package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"latchkey/authmethods/replica"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
)

type keyringRotate struct {
	DataKeys bool          `help:"Give every tenant a new data key, too, and seal everything anew with it." name:"data-keys"`
	To       string        `help:"Go over to this key, which is in the keyring already, instead of a new one." placeholder:"ID"`
	Wait     time.Duration `help:"How long to wait for servers that do not have the key yet." default:"10m"`
	JSON     bool          `help:"Print one JSON object." name:"json"`
}

func (c *keyringRotate) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		if c.To != "" && !slices.Contains(s.ring.IDs(), c.To) {
			return &usageError{err: fmt.Errorf("the keyring has no key %q; it has %s", c.To, strings.Join(s.ring.IDs(), ", "))}
		}
		if s.elsewhere() && c.To == "" && c.DataKeys { // the key stays, with the service that keeps it
			c.To = s.vault.Keys()[0]
		}
		if c.To == "" && s.elsewhere() {
			return &usageError{err: errors.New("the active key is kept by a service: rotate it there; --data-keys replaces the data keys, " +
				"and --to ID goes over to another key of the keyring")}
		}
		if c.To == "" && !s.keysInFile() {
			return &usageError{err: errors.New("the keyring is not a file that could be changed: add a key to it yourself, " +
				"give it to every server, and name it with --to")}
		}
		t := &turn{storage: s, rotator: s.rotator(), say: p.stderr, wait: c.Wait}
		done, err := t.rotate(ctx, c.To, c.DataKeys)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{
				"key": t.id, "rewrapped": done.Rewrapped, "renewed": done.Renewed, "resealed": done.Resealed, "finished": true,
			})
		}
		fmt.Fprintf(p.stdout, "Key %s is in use everywhere. This command wrapped %d data keys anew, gave %d tenants a new data key and sealed %d values anew; servers may have done others.\n",
			t.id, done.Rewrapped, done.Renewed, done.Resealed)
		fmt.Fprintf(p.stdout, "Back the keyring up. «latchkey keyring drop ID» takes the old key out of it; backups of the database from before still need it.\n")
		return nil
	})
}

// elsewhere reports whether a service keeps the active key.
func (s *storage) elsewhere() bool { return s.ring.Where(s.vault.Keys()[0]) != "keyring" }

// turn is a rotation that a command leads.
type turn struct {
	*storage
	rotator *vault.Rotator
	say     io.Writer
	wait    time.Duration
	id      string // of the key that it leads to
}

// rotate takes the steps of a rotation. It may be cut off after any of them and be
// called again.
func (t *turn) rotate(ctx context.Context, to string, dataKeys bool) (done vault.Progress, err error) {
	now, resumed, err := t.rotator.Begin(ctx, to, dataKeys)
	if err != nil {
		return done, err
	}
	t.id = now.KEK
	if resumed {
		fmt.Fprintf(t.say, "Going on with the rotation to key %s that was begun %s.\n", t.id, now.BeganAt.Format(time.RFC3339))
	}
	if err := t.obtain(ctx); err != nil {
		return done, err
	}
	has := func(r *replica.Replica) bool { return slices.Contains(r.Keys, t.id) }
	missing := "do not have key " + t.id + " yet: copy the keyring to their machines, they read it by themselves"
	for _, step := range []func() error{
		func() error { return t.rotator.Aim(ctx, t.id) },
		func() error { return t.await(ctx, has, missing) },
		func() error { return t.rotator.Require(ctx, t.id) },
		func() error { return t.await(ctx, has, missing) }, // one may have begun meanwhile
		func() error { return t.rotator.Activate(ctx, t.id) },
		func() error { return t.mark(ctx) },
		func() error {
			return t.await(ctx, func(r *replica.Replica) bool { return len(r.Keys) > 0 && r.Keys[0] == t.id }, "do not use key "+t.id+" yet")
		},
	} {
		if err := step(); err != nil {
			return done, err
		}
	}
	return t.finish(ctx)
}

// obtain makes the key, unless it is there.
func (t *turn) obtain(ctx context.Context) error {
	if slices.Contains(t.ring.IDs(), t.id) {
		return nil
	}
	if !t.keysInFile() {
		return &refusal{what: fmt.Sprintf("The keyring has no key %q, which the rotation leads to.", t.id), do: "Add it to the keyring of every server."}
	}
	ring, err := t.editKeyring(func(k *seal.Keyring) (*seal.Keyring, error) {
		if slices.Contains(k.IDs(), t.id) {
			return k, nil
		}
		return k.AddAs(t.id)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(t.say, "Key %s is in %s.\n", t.id, t.keySource)
	t.ring = ring
	_, err = t.vault.Take(ctx, t.system, ring)
	return err
}

// mark has the keyring file say which key is in use. The database decides; the file
// is for people, and for a new database.
func (t *turn) mark(ctx context.Context) error {
	if _, err := t.vault.Heed(ctx, t.system); err != nil {
		return err
	}
	if !t.keysInFile() || t.ring.Active() == t.id {
		return nil
	}
	ring, err := t.editKeyring(func(k *seal.Keyring) (*seal.Keyring, error) { return k.Activate(t.id) })
	if err != nil {
		return err
	}
	t.ring = ring
	return nil
}

// await waits until every server that runs is as wanted.
func (t *turn) await(ctx context.Context, wanted func(*replica.Replica) bool, missing string) error {
	const look = 100 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, t.wait)
	defer cancel()
	told := ""
	for {
		live, err := replica.Live(ctx, t.system)
		var late []string
		for i := range live {
			if !wanted(&live[i]) {
				late = append(late, live[i].ID+" on "+live[i].Host)
			}
		}
		if err == nil && len(late) == 0 {
			return nil
		}
		if names := strings.Join(late, ", "); err == nil && names != told {
			told = names
			fmt.Fprintf(t.say, "%d of %d servers %s: %s.\n", len(late), len(live), missing, names)
		}
		select {
		case <-ctx.Done():
			return &refusal{
				what: "Not every server has followed: " + told + " " + missing + ".", temporary: true,
				do: "See to it, and run «latchkey keyring rotate» again: it goes on where it is. Everything works meanwhile.", err: err,
			}
		case <-time.After(look):
		}
	}
}

// finish does the work that is left, or watches servers do it.
func (t *turn) finish(ctx context.Context) (sum vault.Progress, err error) {
	said := time.Now()
	tell := func(p vault.Progress) {
		if time.Since(said) > time.Second {
			said = time.Now()
			fmt.Fprintf(t.say, "%d data keys wrapped anew, %d tenants with new data keys, %d values sealed anew.\n",
				sum.Rewrapped+p.Rewrapped, sum.Renewed+p.Renewed, sum.Resealed+p.Resealed)
		}
	}
	for range 10 { // what servers write meanwhile may still be of an earlier data key
		p, err := t.rotator.Work(ctx, tell)
		sum.Rewrapped, sum.Renewed, sum.Resealed, sum.Left = sum.Rewrapped+p.Rewrapped, sum.Renewed+p.Renewed, sum.Resealed+p.Resealed, p.Left
		if err != nil {
			return sum, err
		}
		if now, err := t.rotator.Current(ctx); err != nil || now == nil || now.Finished {
			return sum, err
		}
	}
	return sum, &refusal{
		what: "The rotation is not finished.", temporary: true,
		do: "Servers go on with it by themselves; «latchkey keyring status» shows how far it is.",
	}
}

type keyringDrop struct {
	ID string `arg:"" help:"The key, such as k1."`
}

func (c *keyringDrop) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		live, err := replica.Live(ctx, s.system)
		if err != nil {
			return err
		}
		for _, r := range live {
			if len(r.Keys) > 0 && r.Keys[0] == c.ID {
				return inUse(c.ID, fmt.Errorf("server %s on %s wraps with it", r.ID, r.Host))
			}
		}
		if _, err := s.rotator().Drop(ctx, c.ID); errors.Is(err, vault.ErrInUse) {
			return inUse(c.ID, err)
		} else if err != nil {
			return err
		}
		if s.keysInFile() && slices.Contains(s.ring.IDs(), c.ID) {
			_, err := s.editKeyring(func(k *seal.Keyring) (*seal.Keyring, error) {
				if k.Active() == c.ID {
					if k, err = k.Activate(s.vault.Keys()[0]); err != nil {
						return nil, err
					}
				}
				return k.Remove(c.ID)
			})
			if err != nil {
				return err
			}
		}
		fmt.Fprintf(p.stdout, "Key %s is dropped. Backups of the database from before the rotation still need it: keep it with them.\n", c.ID)
		return nil
	})
}

func inUse(id string, err error) error {
	return &refusal{
		what: fmt.Sprintf("Key %s cannot be dropped.", id), err: err,
		do: "Rotate first, with «latchkey keyring rotate»; «latchkey keyring status» shows what each key wraps.",
	}
}
