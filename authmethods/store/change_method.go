package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
)

// MethodChange is a change of a method. What is nil or absent stays. Reference and
// integration type never change.
type MethodChange struct {
	Name           *string
	Mode           *authmethods.Mode
	EnvironmentURL *string
	ClientID       *string
	ClientSecret   secret.Text
	Scopes         *[]string
	DataCentre     *string
	Settings       *authmethods.Settings
	Environments   map[authmethods.Environment]EnvironmentChange
}

// EnvironmentChange is a change of what one environment has of its own. An empty
// text means the method's own value again.
type EnvironmentChange struct {
	ClientID       *string
	ClientSecret   secret.Text
	ForgetSecret   bool // use the method's own secret again
	EnvironmentURL *string
}

// errUnchanged undoes the transaction of a change that changes nothing.
var errUnchanged = errors.New("store: nothing changes")

// ChangeMethod changes a method. rev is the revision that the change was made
// against; 0: any.
func (t *Tenant) ChangeMethod(ctx context.Context, ref string, rev int64, mc MethodChange) (authmethods.Method, error) {
	if err := t.caller.May(authmethods.ModifyMethods); err != nil {
		return authmethods.Method{}, err
	}
	mc.ClientSecret = trimmed(mc.ClientSecret)
	// The sealer is had before the transaction, which is to be short.
	if _, err := t.Vault.Sealer(ctx, t.in); err != nil {
		return authmethods.Method{}, err
	}
	var changed authmethods.Method
	err := db.Tx(ctx, t.in, func(in db.Tenant) (err error) {
		e := methodEdit{Tenant: t, in: in, change: mc, noted: changes{}}
		changed, err = e.apply(ctx, ref, rev)
		return err
	})
	if errors.Is(err, errUnchanged) {
		row, err := methodByRef(ctx, t.in, ref)
		if err != nil {
			return authmethods.Method{}, err
		}
		return wholeMethod(ctx, t.in, row)
	}
	return changed, err
}

// methodEdit is one change of one method in its transaction.
type methodEdit struct {
	*Tenant
	in     db.Tenant
	change MethodChange
	noted  changes
	// client says that what is sent to the provider changes: a verdict about the
	// client before counts no more.
	client bool
}

func (e *methodEdit) apply(ctx context.Context, ref string, rev int64) (authmethods.Method, error) {
	none := authmethods.Method{}
	row, err := lockMethod(ctx, e.in, ref, rev)
	if err != nil {
		return none, err
	}
	m, err := wholeMethod(ctx, e.in, row)
	if err != nil {
		return none, err
	}
	e.edit(&m)
	edits := e.editEnvironments(&m)
	if len(e.noted) == 0 {
		return none, errUnchanged
	}
	if err := invalid(checkMethod(e.Catalog, &m, e.secrets())); err != nil {
		return none, err
	}
	if err := e.storeMethod(ctx, &m); err != nil {
		return none, err
	}
	for _, edit := range edits {
		if err := e.storeEnvironment(ctx, m.ID, edit); err != nil {
			return none, err
		}
	}
	what := change{action: "method.changed", kind: feed.Method, object: m.ID, ref: m.Reference, changes: e.noted}
	if err := e.record(ctx, e.in, what); err != nil {
		return none, err
	}
	if row, err = methodByRef(ctx, e.in, string(m.ID)); err != nil {
		return none, err
	}
	return wholeMethod(ctx, e.in, row)
}

func (e *methodEdit) secrets() map[string]secret.Text {
	given := map[string]secret.Text{"/client_secret": e.change.ClientSecret}
	for env, c := range e.change.Environments {
		given["/environments/"+string(env)+"/client_secret"] = c.ClientSecret
	}
	return given
}

// edit changes m as wanted and notes what differs.
func (e *methodEdit) edit(m *authmethods.Method) {
	c := e.change
	e.text("name", &m.Name, c.Name)
	if c.Scopes != nil {
		scopes := tidyScopes(*c.Scopes)
		note(e.noted, "scopes", m.Scopes, scopes)
		m.Scopes = scopes
	}
	if c.Mode != nil {
		e.client = note(e.noted, "mode", m.Mode, *c.Mode) || e.client
		m.Mode = *c.Mode
	}
	if c.Settings != nil {
		e.client = note(e.noted, "settings", m.Settings, *c.Settings) || e.client
		m.Settings = *c.Settings
	}
	e.client = e.text("environment_url", &m.EnvironmentURL, c.EnvironmentURL) || e.client
	e.client = e.text("client_id", &m.ClientID, c.ClientID) || e.client
	if c.DataCentre != nil && *c.DataCentre == "" {
		auto := authmethods.DataCentreAuto
		c.DataCentre = &auto
	}
	e.client = e.text("data_centre", &m.DataCentre, c.DataCentre) || e.client
	if !c.ClientSecret.IsZero() {
		e.noted.secret("client_secret")
		e.client = true
	}
}

func (e *methodEdit) text(field string, at *string, to *string) bool {
	if to == nil {
		return false
	}
	from := *at
	*at = strings.TrimSpace(*to)
	return note(e.noted, field, from, *at)
}

func (e *methodEdit) storeMethod(ctx context.Context, m *authmethods.Method) error {
	sets := fromMethod(m).sets()
	if e.client {
		sets = append(sets, db.Plus("client_version", 1))
		_, err := db.UpdateAll[environmentRow](ctx, e.in, notRejected(), db.Eq("method_id", m.ID))
		if err != nil {
			return doing("clearing rejections", err)
		}
	}
	sealed, err := e.sealed(ctx, e.change.ClientSecret, secretOfMethod(m.ID))
	if err != nil {
		return err
	}
	_, err = db.UpdateIf[methodRow](ctx, e.in, m.ID, append(sets, sealed...))
	return doing("changing a method", err)
}

// sealed returns the columns of a new secret; none if there is no new one.
func (e *methodEdit) sealed(ctx context.Context, s secret.Text, at seal.Place) ([]db.Set, error) {
	if s.IsZero() {
		return nil, nil
	}
	b, err := e.Vault.Seal(ctx, e.in, s, at)
	if err != nil {
		return nil, doing("sealing a client secret", err)
	}
	return []db.Set{
		db.To("client_secret", b), db.To("secret_last4", s.Last4()), db.To("secret_set_at", db.At(time.Now())),
	}, nil
}

// environmentEdit is what becomes of one environment.
type environmentEdit struct {
	to     authmethods.MethodEnvironment
	secret secret.Text
	forget bool
}

// editEnvironments changes the environments of m as wanted and returns those that
// differ.
func (e *methodEdit) editEnvironments(m *authmethods.Method) []environmentEdit {
	var edits []environmentEdit
	for _, env := range environmentsOfChange(e.change.Environments) {
		c, at := e.change.Environments[env], "environments."+string(env)+"."
		c.ClientSecret = trimmed(c.ClientSecret)
		before := len(e.noted)
		to := authmethods.MethodEnvironment{Environment: env}
		if have := m.In(env); have != nil {
			to = *have
		}
		e.text(at+"client_id", &to.ClientID, c.ClientID)
		e.text(at+"environment_url", &to.EnvironmentURL, c.EnvironmentURL)
		forget := c.ForgetSecret && to.Secret.Set && c.ClientSecret.IsZero()
		if forget || !c.ClientSecret.IsZero() {
			e.noted.secret(at + "client_secret")
		}
		if len(e.noted) == before {
			continue
		}
		if have := m.In(env); have != nil {
			*have = to
		} else {
			m.Environments = append(m.Environments, to)
		}
		edits = append(edits, environmentEdit{to: to, secret: c.ClientSecret, forget: forget})
	}
	return edits
}

// environmentsOfChange lists them in a fixed order, so that the same change always
// does the same.
func environmentsOfChange(m map[authmethods.Environment]EnvironmentChange) []authmethods.Environment {
	var list []authmethods.Environment
	for env := range m {
		list = append(list, env)
	}
	slices.Sort(list)
	return list
}

func (e *methodEdit) storeEnvironment(ctx context.Context, method authmethods.ID, edit environmentEdit) error {
	row, err := ensureEnvironment(ctx, e.in, method, edit.to.Environment)
	if err != nil {
		return err
	}
	sets := append(notRejected(), db.To("client_id", edit.to.ClientID),
		db.To("environment_url", edit.to.EnvironmentURL), db.Plus("client_version", 1))
	if edit.forget {
		sets = append(sets, db.To("client_secret", []byte(nil)), db.To("secret_last4", ""), db.To("secret_set_at", db.Time(0)))
	}
	sealed, err := e.sealed(ctx, edit.secret, secretOfEnvironment(row.ID))
	if err != nil {
		return err
	}
	_, err = db.UpdateIf[environmentRow](ctx, e.in, row.ID, append(sets, sealed...))
	return doing("changing an environment", err)
}
