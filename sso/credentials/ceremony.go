package credentials

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// maxPasskeys is how many passkeys a user may have.
const maxPasskeys = 20

// owner is a user as WebAuthn sees one. The handle is the id, which says nothing of
// the person.
type owner struct {
	id          authmethods.ID
	name, shown string
	credentials []webauthn.Credential
}

func (o *owner) WebAuthnID() []byte                         { return []byte(o.id) }
func (o *owner) WebAuthnName() string                       { return o.name }
func (o *owner) WebAuthnDisplayName() string                { return o.shown }
func (o *owner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

// party is the tenant at an origin: passkeys belong to its host and are used from
// nowhere else. The person is verified each time, by a PIN or a finger.
func party(origin string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() == "" {
		return nil, authmethods.InvalidField("/origin", "This is no origin.")
	}
	timeout := webauthn.TimeoutConfig{Enforce: true, Timeout: CeremonyLife, TimeoutUVD: CeremonyLife}
	w, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: u.Hostname(), RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(), ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
	})
	return w, doing("preparing for passkeys", err)
}

func begun(options any, session *webauthn.SessionData, err error) (Ceremony, error) {
	if err != nil {
		return Ceremony{}, doing("beginning a ceremony", err)
	}
	shown, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, doing("beginning a ceremony", err)
	}
	state, err := json.Marshal(session)
	return Ceremony{Options: shown, State: state}, doing("beginning a ceremony", err)
}

// BeginRegistration begins to make a passkey for the caller, who is the user. origin
// is that of the tenant, by which the browser came.
func (c *Credentials) BeginRegistration(ctx context.Context, caller authmethods.Caller, user *sso.User, origin string) (Ceremony, error) {
	if err := onlySelf(caller, user); err != nil {
		return Ceremony{}, err
	}
	in, err := c.o.DB.For(caller)
	if err != nil {
		return Ceremony{}, err
	}
	w, err := party(origin)
	if err != nil {
		return Ceremony{}, err
	}
	rows, err := db.List[passkeyRow](ctx, in, db.Eq("user_id", user.ID))
	if err != nil {
		return Ceremony{}, doing("listing passkeys", err)
	}
	if err := roomFor(int64(len(rows))); err != nil {
		return Ceremony{}, err
	}
	var known []protocol.CredentialDescriptor
	for _, r := range rows {
		if id, err := base64.RawURLEncoding.DecodeString(r.CredentialID); err == nil {
			known = append(known, protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: id})
		}
	}
	return begun(w.BeginRegistration(ownerOf(user), webauthn.WithExclusions(known)))
}

func ownerOf(user *sso.User) *owner {
	o := &owner{id: user.ID, name: user.UserName, shown: user.DisplayName}
	if o.shown == "" {
		o.shown = o.name
	}
	return o
}

func roomFor(passkeys int64) error {
	if passkeys < maxPasskeys {
		return nil
	}
	return &authmethods.Problem{
		Kind: authmethods.Conflict, Code: authmethods.CodeLimitReached,
		Detail: "A person has at most 20 passkeys. Remove one first.",
	}
}

// FinishRegistration stores the passkey that the browser made, under a name. state is
// that of the beginning; response is what the browser answered, in JSON.
func (c *Credentials) FinishRegistration(ctx context.Context, caller authmethods.Caller, user *sso.User, origin, name string, state, response []byte) (Passkey, error) {
	none := Passkey{}
	if err := onlySelf(caller, user); err != nil {
		return none, err
	}
	name, err := passkeyName(name)
	if err != nil {
		return none, err
	}
	in, err := c.o.DB.For(caller)
	if err != nil {
		return none, err
	}
	session, w, err := resume(origin, state)
	if err != nil {
		return none, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return none, unproved(err)
	}
	made, err := w.CreateCredential(ownerOf(user), session, parsed)
	if err != nil {
		return none, unproved(err)
	}
	if err := spend(ctx, in, session.Challenge); err != nil {
		return none, err
	}
	row := &passkeyRow{UserID: user.ID, Name: name, CredentialID: base64.RawURLEncoding.EncodeToString(made.ID)}
	row.ID = authmethods.ID(token.NewID("pk"))
	if row.Credential, err = c.sealPasskey(ctx, in, row.ID, made); err != nil {
		return none, err
	}
	err = db.Tx(ctx, in, func(in db.Tenant) error { return insertPasskey(ctx, in, caller, row) })
	return row.passkey(), err
}

// resume returns what a ceremony was begun with.
func resume(origin string, state []byte) (webauthn.SessionData, *webauthn.WebAuthn, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return session, nil, unproved(errors.New("the state of the ceremony is damaged"))
	}
	w, err := party(origin)
	return session, w, err
}

func (c *Credentials) sealPasskey(ctx context.Context, in db.Tenant, id authmethods.ID, made *webauthn.Credential) ([]byte, error) {
	text, err := json.Marshal(made)
	if err != nil {
		return nil, doing("sealing a passkey", err)
	}
	s, err := c.o.Vault.Sealer(ctx, in)
	if err != nil {
		return nil, err
	}
	sealed, err := s.SealBytes(text, passkeyPlace(id))
	return sealed, doing("sealing a passkey", err)
}

func insertPasskey(ctx context.Context, in db.Tenant, caller authmethods.Caller, row *passkeyRow) error {
	user, err := lock(ctx, in, row.UserID)
	if err != nil {
		return err
	}
	n, err := db.Count[passkeyRow](ctx, in, db.Eq("user_id", row.UserID))
	if err != nil {
		return doing("counting passkeys", err)
	}
	if err := roomFor(n); err != nil {
		return err
	}
	err = db.Insert(ctx, in, row)
	if errors.Is(err, db.ErrDuplicate) {
		return unproved(err) // a passkey of this name is somebody's already
	}
	if err != nil {
		return doing("storing a passkey", err)
	}
	return record(ctx, in, caller, "passkey.added", user, map[string]authmethods.Change{"passkey": {To: row.Name}})
}

// BeginLogin begins a sign-in by a passkey, whoever's it is.
func (c *Credentials) BeginLogin(_ context.Context, caller authmethods.Caller, origin string) (Ceremony, error) {
	if caller.Tenant() == "" {
		return Ceremony{}, authmethods.ErrNoCaller
	}
	w, err := party(origin)
	if err != nil {
		return Ceremony{}, err
	}
	return begun(w.BeginDiscoverableLogin())
}

// FinishLogin returns whose passkey answered. Whatever is wrong with the answer, or
// a passkey that seems to be copied, is the Problem identity_unproved. A passkey is
// two proofs in one: one-time codes are not asked for as well.
func (c *Credentials) FinishLogin(ctx context.Context, caller authmethods.Caller, origin string, from netip.Addr, state, response []byte) (Signer, error) {
	in, err := c.o.DB.For(caller)
	if err != nil {
		return Signer{}, err
	}
	if err := draw(ctx, in, ceremonyFrom(from)); err != nil {
		return Signer{}, err
	}
	session, w, err := resume(origin, state)
	if err != nil {
		return Signer{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return Signer{}, unproved(err)
	}
	row, stored, err := c.credential(ctx, in, parsed.RawID)
	if err != nil {
		return Signer{}, err
	}
	_, used, err := w.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) {
		return &owner{id: row.UserID, credentials: []webauthn.Credential{*stored}}, nil
	}, session, parsed)
	if err != nil {
		return Signer{}, unproved(err)
	}
	if err := spend(ctx, in, session.Challenge); err != nil {
		return Signer{}, err
	}
	if used.Authenticator.CloneWarning {
		c.o.Log.WarnContext(ctx, "a passkey counted backwards, it may be copied", "tenant", in.ID(), "user", row.UserID, "passkey", row.ID)
		return Signer{}, unproved(errors.New("its counter did not rise"))
	}
	if err := c.usePasskey(ctx, in, row, used); err != nil {
		return Signer{}, err
	}
	return Signer{User: row.UserID, Passkey: row.ID}, giveBack(ctx, in, ceremonyFrom(from))
}

// credential returns the passkey that has this id at its authenticator.
func (c *Credentials) credential(ctx context.Context, in db.Tenant, id []byte) (*passkeyRow, *webauthn.Credential, error) {
	row, err := db.First[passkeyRow](ctx, in, db.Eq("credential_id", base64.RawURLEncoding.EncodeToString(id)))
	if errors.Is(err, authmethods.NotFound) {
		return nil, nil, unproved(errors.New("the passkey is nobody's"))
	}
	if err != nil {
		return nil, nil, doing("reading a passkey", err)
	}
	text, err := c.o.Vault.OpenBytes(ctx, in, row.Credential, passkeyPlace(row.ID))
	if err != nil {
		return nil, nil, doing("opening a passkey", err)
	}
	stored := new(webauthn.Credential)
	return row, stored, doing("reading a passkey", json.Unmarshal(text, stored))
}

// usePasskey stores the counter of a passkey that was used. Of two uses at the same
// time one is refused: they counted from the same number.
func (c *Credentials) usePasskey(ctx context.Context, in db.Tenant, row *passkeyRow, used *webauthn.Credential) error {
	sealed, err := c.sealPasskey(ctx, in, row.ID, used)
	if err != nil {
		return err
	}
	sets := []db.Set{db.To("credential", sealed), db.ToFromNow("last_used_at", 0)}
	ok, err := db.UpdateIf[passkeyRow](ctx, in, row.ID, sets, db.Eq("credential", row.Credential))
	if err != nil {
		return doing("using a passkey", err)
	}
	if !ok {
		return unproved(errors.New("it was used at the same time, or removed"))
	}
	return nil
}

func passkeyPlace(id authmethods.ID) seal.Place {
	return seal.Place{Purpose: "passkey", Table: "passkeys", Row: string(id), Column: "credential"}
}

// ceremonyFrom counts what comes from an address for ceremonies of signing in.
func ceremonyFrom(from netip.Addr) budget {
	b := byAddress(from)
	return budgetOf(b.limit, "ceremony", string(b.id))
}

// unproved is the one answer for a ceremony that proves nothing; err is for the log.
func unproved(err error) error {
	return &authmethods.Problem{
		Kind: authmethods.Unauthenticated, Code: authmethods.CodeIdentityUnproved,
		Detail: "This passkey could not be accepted. Begin again.", Err: err,
	}
}

// onlyOnce is longer than any ceremony.
var onlyOnce = limit{1, 24 * time.Hour}

// spend lets a ceremony be finished once: its state and the browser's answer to it
// prove nothing to whoever copies them.
func spend(ctx context.Context, in db.Tenant, challenge string) error {
	err := draw(ctx, in, budgetOf(onlyOnce, "challenge", challenge))
	if errors.Is(err, authmethods.Exhausted) {
		return unproved(errors.New("the ceremony was finished before"))
	}
	return err
}
