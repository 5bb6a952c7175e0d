package directory

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// Proof is what a provider proved of somebody.
type Proof struct {
	Subject sso.Subject
	Claims  sso.Claims
	// Values are what the connector's rule came to. They are made anew if the
	// connector changed since it was read.
	Values []sso.Value
}

// Admitted is what came of a sign-in. User and Identity are empty if the verdict has
// a code.
type Admitted struct {
	Verdict  sso.Verdict
	User     sso.User // with roles
	Identity authmethods.ID
}

// errAgain undoes a sign-in whose evidence changed under it.
var errAgain = errors.New("directory: the evidence changed")

// Admit judges a sign-in by what is stored at this moment and does what the verdict
// says: makes the user, pins the account, writes down what the provider said and
// that the user was here. It happens as a whole or not at all; of two first sign-ins
// of one person at once the second finds what the first made. A refusal is no error.
func (d *Door) Admit(ctx context.Context, c sso.Connector, p Proof) (Admitted, error) {
	// The sealer is had before the transaction, which is to be short.
	if _, err := d.o.Vault.Sealer(ctx, d.in); err != nil {
		return Admitted{}, err
	}
	const most = 5
	for try := 1; ; try++ {
		a := admission{Door: d, connector: c, proof: p}
		err := db.Tx(ctx, d.in, func(in db.Tenant) error {
			a.in = in
			return a.run(ctx)
		})
		switch {
		case err == nil:
			return a.result, nil
		case errors.Is(err, errRetired):
			v := a.result.Verdict
			v.Code, v.User, v.Create, v.Pin = authmethods.CodeNoMatchingUser, nil, false, false
			v.Trace = append(v.Trace, "the user name was somebody else's, and user names are never given to another person")
			return Admitted{Verdict: v}, nil
		case try < most && (errors.Is(err, errAgain) || errors.Is(err, db.ErrDuplicate)):
		default:
			return Admitted{}, doing("admitting somebody", err)
		}
	}
}

// admission is one sign-in in its transaction.
type admission struct {
	*Door
	in        db.Tenant
	connector sso.Connector
	proof     Proof
	result    Admitted
}

func (a *admission) run(ctx context.Context) error {
	values := a.proof.Values
	row, err := db.Get[connectorRow](ctx, a.in, a.connector.ID)
	switch {
	case authmethods.KindOf(err) == authmethods.NotFound:
		a.connector.Disabled = true // deleted meanwhile
	case err != nil:
		return doing("reading a connector", err)
	case row.Rev != a.connector.Rev:
		a.connector = row.connector()
		values = a.connector.Rule.Values(a.proof.Claims, a.connector.Trusts)
	}
	found, err := evidence(ctx, a.in, a.connector, a.proof.Subject, values)
	if err != nil {
		return err
	}
	v := sso.Judge(found)
	a.result = Admitted{Verdict: v}
	if v.Code != "" {
		return nil
	}
	user := &userRow{}
	if v.Create {
		user, err = a.create(ctx, v.UserName)
	} else {
		err = a.hold(ctx, v)
		user.ID, user.UserName = v.User.ID, v.User.UserName
	}
	if err != nil {
		return err
	}
	if v.Create || v.Pin {
		err = a.pin(ctx, user)
	} else {
		err = a.refresh(ctx)
	}
	if err != nil {
		return err
	}
	if user, err = db.Get[userRow](ctx, a.in, user.ID); err != nil {
		return doing("reading a user", err)
	}
	a.result.User, err = wholeUser(ctx, a.in, user)
	return err
}

// hold writes down that the user was here, which keeps the user as judged until the
// transaction ends.
func (a *admission) hold(ctx context.Context, v sso.Verdict) error {
	sets := seen()
	if v.Pin {
		sets = append(sets, db.Plus("rev", 1))
	}
	ok, err := db.UpdateIf[userRow](ctx, a.in, v.User.ID, sets, db.Eq("rev", v.User.Rev))
	if err == nil && !ok {
		return errAgain
	}
	return doing("noting a visit", err)
}

// create makes the user whom the rule did not find.
func (a *admission) create(ctx context.Context, name string) (*userRow, error) {
	row := NewUser{UserName: name, DisplayName: a.text("name", maxName), Email: a.email()}.row()
	if err := row.tidy().Problem(); err != nil {
		return nil, err
	}
	roles := []string{a.connector.DefaultRole}
	if err := insertUser(ctx, a.in, row, roles, nil); err != nil {
		return nil, err
	}
	if _, err := db.UpdateIf[userRow](ctx, a.in, row.ID, seen()); err != nil {
		return nil, doing("noting a visit", err)
	}
	return row, record(ctx, a.in, a.caller, userCreated(row, roles))
}

// text returns a claim if it can be shown.
func (a *admission) text(claim string, most int) string {
	text, _ := a.proof.Claims.Text(claim)
	if wrongText(text, most) != "" {
		return ""
	}
	return text
}

// email returns the address that a new user has: one that is verified.
func (a *admission) email() string {
	address := a.text("email", maxEmail)
	if _, err := sso.CanonicalEmail(address); err != nil {
		return ""
	}
	_, domain, _ := strings.Cut(address, "@")
	if a.proof.Claims.True("email_verified") || a.connector.Trusts(domain) {
		return address
	}
	return ""
}

// pin links the account to the user for good.
func (a *admission) pin(ctx context.Context, user *userRow) error {
	row := &identityRow{
		UserID: user.ID, ConnectorID: a.connector.ID, Issuer: a.proof.Subject.Issuer, Subject: a.proof.Subject.ID,
		Email: a.text("email", maxEmail),
	}
	row.ID = authmethods.ID(token.NewID("idn"))
	var err error
	if row.Claims, err = a.sealed(ctx, row.ID); err != nil {
		return err
	}
	if err := db.Insert(ctx, a.in, row); err != nil {
		return doing("pinning an identity", err)
	}
	a.result.Identity = row.ID
	if _, err := db.UpdateIf[identityRow](ctx, a.in, row.ID, []db.Set{db.ToFromNow("last_used_at", 0)}); err != nil {
		return doing("noting the use of an identity", err)
	}
	return record(ctx, a.in, a.caller, identityChange("user.identity_pinned", user, row))
}

// refresh keeps what the provider said this time.
func (a *admission) refresh(ctx context.Context) error {
	s := a.proof.Subject
	row, err := db.First[pinRow](ctx, a.in, db.Eq("issuer", s.Issuer), db.Eq("subject", s.ID))
	if authmethods.KindOf(err) == authmethods.NotFound {
		return errAgain
	}
	if err != nil {
		return doing("reading an identity", err)
	}
	claims, err := a.sealed(ctx, row.ID)
	if err != nil {
		return err
	}
	a.result.Identity = row.ID
	_, err = db.UpdateIf[identityRow](ctx, a.in, row.ID, []db.Set{
		db.To("claims", claims), db.To("email", a.text("email", maxEmail)), db.ToFromNow("last_used_at", 0),
	})
	return doing("noting the use of an identity", err)
}

func (a *admission) sealed(ctx context.Context, identity authmethods.ID) ([]byte, error) {
	claims := a.proof.Claims
	if claims == nil {
		claims = sso.Claims{}
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return nil, doing("writing claims", err)
	}
	sealed, err := a.o.Vault.Seal(ctx, a.in, secret.New(string(text)), claimsOf(identity))
	return sealed, doing("sealing claims", err)
}
