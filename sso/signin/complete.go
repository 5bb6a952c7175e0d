package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/sso/identity"
	"latchkey/sso/store"
)

// Callback is what the browser brought back (RFC 6749 section 4.1.2).
type Callback struct {
	Code, State, Issuer, Error string
	// Query returns any other parameter.
	Query func(name string) string
}

// Visitor is where a browser is.
type Visitor struct{ Address, UserAgent string }

// Result is a sign-in that ended.
type Result struct {
	SignIn    sso.SignIn
	Connector sso.Connector
	// Provider names the provider for people.
	Provider string
	// User is who signed in; the zero User if nobody did.
	User     sso.User
	Identity authmethods.ID
	Issuer   string
	// ProviderSession is the provider's name of its own session (sid); empty: not
	// told.
	ProviderSession string
	// ProvedAt is when the provider said who it was, by its own clock; zero: not told.
	ProvedAt time.Time
	ReturnTo string
}

const (
	// completeTime bounds all calls to the provider that a callback causes.
	completeTime = 30 * time.Second
	// closeTime is how long it may take to write down what became of them.
	closeTime = 10 * time.Second
)

// Complete receives the provider's callback. The state is good for once, also with
// an error. A refusal is not an error here but the Code of the sign-in.
func (s *Service) Complete(ctx context.Context, c authmethods.Caller, state State, cb Callback, v Visitor) (Result, error) {
	if !fits(state, cb.State, time.Now()) {
		return Result{}, outOfDate()
	}
	door, err := s.o.Directory.Door(c)
	if err != nil {
		return Result{}, err
	}
	connector, err := door.Connector(ctx, string(state.Connector))
	if authmethods.KindOf(err) == authmethods.NotFound {
		return Result{}, outOfDate() // deleted meanwhile, and the log of its sign-ins as well
	}
	if err != nil {
		return Result{}, err
	}
	begun, err := s.o.SignIns.Open(ctx, c, store.Returned{
		Connector: state.Connector, State: token.HashOf(state.State), Address: v.Address, UserAgent: v.UserAgent,
	})
	if errors.Is(err, store.ErrUsed) {
		return Result{}, outOfDate()
	}
	if err != nil {
		return Result{}, err
	}
	// The browser may leave; the code is spent, and the attempt must come to an end.
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), completeTime)
	defer cancel()
	a := &attempt{
		Service: s, caller: c, door: door, state: state, result: Result{SignIn: begun, Connector: connector, ReturnTo: state.ReturnTo},
	}
	if err := a.conclude(a.run(work, cb)); err != nil {
		s.o.Log.Error("sign-in ended abnormally", "sign_in", begun.ID, "error", err)
	}
	// Whatever took so long, what became of it is written down.
	closing, done := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer done()
	if err := s.o.SignIns.Close(closing, c, a.result.SignIn); err != nil {
		return Result{}, err
	}
	if a.tookNext != nil {
		s.promote(closing, c, a.tookNext)
	}
	return a.result, nil
}

// promote has the next secret that the provider took replace the one that it refused. If
// that fails, the next request that shows it tries again.
func (s *Service) promote(ctx context.Context, c authmethods.Caller, p *plan) {
	t, err := s.o.Methods.For(reader(c))
	if err == nil {
		_, err = t.PromoteSecret(ctx, p.method.ID, p.connector.Environment, p.client.Version)
	}
	if err != nil {
		s.o.Log.Warn("promoting a client secret", "method", p.method.ID, "error", err)
	}
}

// fits reports whether a callback belongs to a sign-in that this browser began
// lately.
func fits(state State, presented string, now time.Time) bool {
	own := state.State.Reveal()
	same := subtle.ConstantTimeCompare([]byte(own), []byte(presented)) == 1
	age := now.Sub(state.BeganAt)
	return same && own != "" && age < Lifetime && age > -time.Minute
}

// attempt is one sign-in on its way.
type attempt struct {
	*Service
	caller   authmethods.Caller
	door     *directory.Door
	state    State
	result   Result
	tookNext *plan // whose client's next secret the provider took; nil: it did not
}

// refuse ends a sign-in with a code; the sentence is for administrators.
func refuse(code authmethods.Code, format string, args ...any) error {
	return &authmethods.Problem{Kind: authmethods.Forbidden, Code: code, Detail: fmt.Sprintf(format, args...)}
}

func (a *attempt) run(ctx context.Context, cb Callback) error {
	connector := a.result.Connector
	if connector.Disabled && !a.state.Test {
		return closed(nil)
	}
	p, err := a.plan(ctx, a.caller, connector, a.state.DataCentre)
	if err != nil {
		return err
	}
	a.result.Provider = p.kind.Name
	if err := a.received(ctx, p, cb); err != nil {
		return err
	}
	proof, err := a.prove(ctx, p, secret.New(cb.Code))
	if err != nil {
		return err
	}
	if a.state.Test {
		return a.try(ctx, connector, proof)
	}
	return a.admit(ctx, connector, proof)
}

// received judges the callback before its code is sent anywhere.
func (a *attempt) received(ctx context.Context, p *plan, cb Callback) error {
	if p.client.Base != a.state.ClientVersion {
		return refuse(authmethods.CodeSignInOutOfDate, "Client ID or secret were changed after this sign-in began.")
	}
	dc, named, known := p.kind.Answering(p.provider.RegionParams, cb.Query)
	if !known {
		return refuse(authmethods.CodeAccountsServerRefused, "The reply named a server that is not in the table of %s, or two that do not belong together.", p.kind.Name)
	}
	if named && dc.Code != p.provider.DataCentre {
		if err := p.in(ctx, a.Service, dc.Code); err != nil {
			return err
		}
	}
	a.result.SignIn.DataCentre = p.provider.DataCentre
	switch {
	case !p.provider.Answers(cb.Issuer):
		return refuse(authmethods.CodeAccountsServerRefused, "The reply did not come from the authorization server that was asked, or did not say so as that one promises to.")
	case cb.Error != "":
		return declined(p, cb.Error)
	case cb.Code == "":
		return refuse(authmethods.CodeUnexpectedReply, "%s sent the browser back without a code and without an error.", p.kind.Name)
	}
	return nil
}

// declined understands the errors of RFC 6749 section 4.1.2.1 and of OpenID Connect
// Core 1.0 section 3.1.2.6. The provider's own words are not repeated.
func declined(p *plan, code string) error {
	switch p.provider.Errors.Class(code) {
	case catalog.ClassScopeInvalid:
		return refuse(authmethods.CodeScopeUnknown, "%s does not know one of the identity permissions.", p.kind.Name)
	case catalog.ClassClientRejected:
		return refuse(authmethods.CodeClientUnknown, "%s did not accept the client ID.", p.kind.Name)
	}
	switch code {
	case "access_denied", "login_required", "consent_required", "interaction_required", "account_selection_required":
		return refuse(authmethods.CodeSignInDeclined, "%s answered that the sign-in was called off.", p.kind.Name)
	case "server_error", "temporarily_unavailable":
		return refuse(authmethods.CodeProviderDown, "%s could not finish the sign-in just now.", p.kind.Name)
	}
	return refuse(authmethods.CodeUnexpectedReply, "%s ended the sign-in with an error that is not in its description.", p.kind.Name)
}

// prove exchanges the code and finds out who it is.
func (a *attempt) prove(ctx context.Context, p *plan, code secret.Text) (identity.Proof, error) {
	var verifier secret.Text
	if p.provider.PKCE == catalog.PKCES256 {
		verifier = a.state.CodeVerifier
	}
	idToken, accessToken, withNext, err := a.o.Provider.ExchangeForSignIn(ctx, p.provider, p.client, code, a.o.PublicURL.SignInRedirectURI(p.tenant), verifier)
	if err != nil {
		return identity.Proof{}, err
	}
	if withNext {
		a.tookNext = p
	}
	proof, err := a.o.Identity.Identify(ctx, identity.Answer{
		Provider: p.provider, ClientID: p.client.ID, Type: a.result.Connector.Type,
		IDToken: idToken, AccessToken: accessToken, Nonce: a.state.Nonce.Reveal(), Wanted: wanted(a.result.Connector.Rule),
	})
	record := &a.result.SignIn
	record.Subject, record.Claims, record.Trace = proof.Subject, proof.Claims, append(record.Trace, proof.Trace...)
	a.result.Issuer, a.result.ProviderSession, a.result.ProvedAt = proof.Subject.Issuer, proof.SessionID, proof.IssuedAt
	return proof, err
}

// wanted names the claims that a rule needs.
func wanted(r sso.Rule) []string {
	var names []string
	for _, l := range r.Lookups {
		names = append(names, l.Claim)
	}
	return names
}

func (a *attempt) values(connector sso.Connector, claims sso.Claims) []sso.Value {
	return connector.Rule.Values(claims, connector.Trusts)
}

// admit judges who it is and lets them in.
func (a *attempt) admit(ctx context.Context, connector sso.Connector, proof identity.Proof) error {
	admitted, err := a.door.Admit(ctx, connector, directory.Proof{
		Subject: proof.Subject, Claims: proof.Claims, Values: a.values(connector, proof.Claims),
	})
	if err != nil {
		return err
	}
	a.judged(admitted.Verdict)
	a.result.User, a.result.Identity = admitted.User, admitted.Identity
	if admitted.Verdict.Code == "" {
		a.result.SignIn.Outcome = sso.SignedIn
		a.result.SignIn.User, a.result.SignIn.UserName = admitted.User.ID, admitted.User.UserName
	}
	return nil
}

// try judges who it is and leaves it at that.
func (a *attempt) try(ctx context.Context, connector sso.Connector, proof identity.Proof) error {
	evidence, err := a.door.Evidence(ctx, connector, proof.Subject, a.values(connector, proof.Claims))
	if err != nil {
		return err
	}
	v := sso.Rehearse(evidence)
	a.judged(v)
	if v.Code == "" {
		a.result.SignIn.Outcome = sso.Tried
	}
	return nil
}

func (a *attempt) judged(v sso.Verdict) {
	record := &a.result.SignIn
	record.Trace = append(record.Trace, v.Trace...)
	record.Outcome, record.Code = sso.Refused, v.Code
	for _, about := range []*sso.User{v.User, v.Refused} {
		if about != nil {
			record.User, record.UserName = about.ID, about.UserName
		}
	}
}

// conclude turns what stopped a sign-in into its code. It returns what is nobody's
// business but the log's.
func (a *attempt) conclude(err error) error {
	if err == nil {
		return nil
	}
	record := &a.result.SignIn
	record.Outcome, record.Code = sso.Refused, authmethods.CodeInternal
	var p *authmethods.Problem
	if !errors.As(err, &p) || p.Kind == authmethods.Internal {
		record.Trace = append(record.Trace, "Something went wrong here; the log of the server says what.")
		return err
	}
	record.Code = p.Code
	if p.Detail != "" {
		record.Trace = append(record.Trace, p.Detail)
	}
	return nil
}
