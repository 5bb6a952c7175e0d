package store

import (
	"context"
	"errors"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/secret"
)

// MethodChange is a change of a method. What is nil or absent stays. Reference and
// integration type never change.
type MethodChange struct {
	Name           *string
	Mode           *authmethods.Mode
	EnvironmentURL *string
	ClientID       *string
	ClientSecret   secret.Text // counts at once
	NextSecret     secret.Text // to follow the present one; see authmethods.Client
	ForgetNext     bool        // without effect beside a NextSecret
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
	ForgetSecret   bool        // use the method's own secrets again
	NextSecret     secret.Text // to follow the environment's own one
	ForgetNext     bool
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
	mc.ClientSecret, mc.NextSecret = trimmed(mc.ClientSecret), trimmed(mc.NextSecret)
	// The sealer is had before the transaction, which is to be short.
	if _, err := t.Vault.Sealer(ctx, t.in); err != nil {
		return authmethods.Method{}, err
	}
	var changed authmethods.Method
	err := db.Tx(ctx, t.in, func(in db.Tenant) (err error) {
		e := methodEdit{Tenant: t, in: in, change: mc, noted: authmethods.Changes{}}
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
	noted  authmethods.Changes
	faults authmethods.Faults
	// client says that what is sent to the provider changes: a verdict about the
	// client before counts no more.
	client bool
	secret secretEdit // of the method itself
}

func (e *methodEdit) apply(ctx context.Context, ref string, rev int64) (authmethods.Method, error) {
	none := authmethods.Method{}
	row, err := lockMethod(ctx, e.in, ref, rev)
	if err != nil {
		return none, err
	}
	environments, err := environmentsOf(ctx, e.in, row.ID)
	if err != nil {
		return none, err
	}
	m := row.method(environments)
	e.edit(&m)
	e.editSecrets(ctx, row, m.Mode)
	edits := e.editEnvironments(ctx, &m, environments)
	if len(e.noted) == 0 {
		return none, errUnchanged
	}
	if err := append(checkMethod(e.Catalog, &m, e.secrets()), e.faults...).Problem(); err != nil {
		return none, err
	}
	if err := e.storeMethod(ctx, &m, row.secrets()); err != nil {
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
	given := map[string]secret.Text{"/client_secret": e.change.ClientSecret, "/next_client_secret": e.change.NextSecret}
	for env, c := range e.change.Environments {
		at := "/environments/" + string(env)
		given[at+"/client_secret"], given[at+"/next_client_secret"] = c.ClientSecret, c.NextSecret
	}
	return given
}

// edit changes m as wanted and notes what differs.
func (e *methodEdit) edit(m *authmethods.Method) {
	c := e.change
	e.text("name", &m.Name, c.Name)
	if c.Scopes != nil {
		scopes := tidyScopes(*c.Scopes)
		authmethods.Note(e.noted, "scopes", m.Scopes, scopes)
		m.Scopes = scopes
	}
	if c.Mode != nil {
		e.client = authmethods.Note(e.noted, "mode", m.Mode, *c.Mode) || e.client
		m.Mode = *c.Mode
	}
	if c.Settings != nil {
		e.client = authmethods.Note(e.noted, "settings", m.Settings, *c.Settings) || e.client
		m.Settings = *c.Settings
	}
	e.client = e.text("environment_url", &m.EnvironmentURL, c.EnvironmentURL) || e.client
	e.client = e.text("client_id", &m.ClientID, c.ClientID) || e.client
	if c.DataCentre != nil && *c.DataCentre == "" {
		auto := authmethods.DataCentreAuto
		c.DataCentre = &auto
	}
	e.client = e.text("data_centre", &m.DataCentre, c.DataCentre) || e.client
}

// editSecrets decides what becomes of the method's own secrets.
func (e *methodEdit) editSecrets(ctx context.Context, row *methodRow, mode authmethods.Mode) {
	e.secret = secretEdit{present: e.change.ClientSecret, next: e.change.NextSecret, forgetNext: e.change.ForgetNext}
	e.faults.Add("/next_client_secret", e.settle(ctx, e.in, mode, row.secrets(), &e.secret))
	noteSecrets(e.noted, "", &e.secret)
	e.client = e.client || !e.secret.presentStays()
}

func (e *methodEdit) text(field string, at *string, to *string) bool {
	if to == nil {
		return false
	}
	from := *at
	*at = strings.TrimSpace(*to)
	return authmethods.Note(e.noted, field, from, *at)
}

func (e *methodEdit) storeMethod(ctx context.Context, m *authmethods.Method, have clientSecrets) error {
	sets := fromMethod(m).sets()
	if e.client || !e.secret.nextStays() {
		sets = append(sets, clientChanged(e.client)...)
		_, err := db.UpdateAll[environmentRow](ctx, e.in, notRejected(), db.Eq("method_id", m.ID))
		if err != nil {
			return doing("clearing rejections", err)
		}
	}
	sealed, err := e.secretSets(ctx, e.in, have, e.secret)
	if err != nil {
		return err
	}
	_, err = db.UpdateIf[methodRow](ctx, e.in, m.ID, append(sets, sealed...))
	return doing("changing a method", err)
}

// clientChanged counts a change of a client: of what it is, or of its next secret only.
func clientChanged(itself bool) []db.Set {
	sets := []db.Set{db.Plus("client_version", 1)}
	if !itself {
		sets = append(sets, db.Plus("next_changes", 1))
	}
	return sets
}

// environmentEdit is what becomes of one environment.
type environmentEdit struct {
	to     authmethods.MethodEnvironment
	client bool // what is sent to the provider changes, and not its next secret only
	secret secretEdit
}

// editEnvironments changes the environments of m as wanted and returns those that
// differ.
func (e *methodEdit) editEnvironments(ctx context.Context, m *authmethods.Method, rows []environmentRow) []environmentEdit {
	var edits []environmentEdit
	for _, env := range environmentsOfChange(e.change.Environments) {
		c, at := e.change.Environments[env], "environments."+string(env)+"."
		before := len(e.noted)
		to := authmethods.MethodEnvironment{Environment: env}
		if have := m.In(env); have != nil {
			to = *have
		}
		client := e.text(at+"client_id", &to.ClientID, c.ClientID)
		client = e.text(at+"environment_url", &to.EnvironmentURL, c.EnvironmentURL) || client
		s := secretEdit{present: trimmed(c.ClientSecret), next: trimmed(c.NextSecret), forgetNext: c.ForgetNext}
		s.forget = c.ForgetSecret && s.present.IsZero()
		var have clientSecrets
		if i := slices.IndexFunc(rows, func(r environmentRow) bool { return r.Environment == string(env) }); i >= 0 {
			have = rows[i].secrets()
		}
		e.faults.Add("/environments/"+string(env)+"/next_client_secret", e.settle(ctx, e.in, m.Mode, have, &s))
		noteSecrets(e.noted, at, &s)
		if len(e.noted) == before {
			continue
		}
		if have := m.In(env); have != nil {
			*have = to
		} else {
			m.Environments = append(m.Environments, to)
		}
		edits = append(edits, environmentEdit{to: to, client: client || !s.presentStays(), secret: s})
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
	sets := append(notRejected(), db.To("client_id", edit.to.ClientID), db.To("environment_url", edit.to.EnvironmentURL))
	sets = append(sets, clientChanged(edit.client)...)
	sealed, err := e.secretSets(ctx, e.in, row.secrets(), edit.secret)
	if err != nil {
		return err
	}
	_, err = db.UpdateIf[environmentRow](ctx, e.in, row.ID, append(sets, sealed...))
	return doing("changing an environment", err)
}
