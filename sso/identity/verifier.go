package identity

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/sso"
)

// Options are what a [Verifier] needs.
type Options struct {
	// HTTP makes the calls. It must judge the addresses that it dials: tenants choose
	// issuers. Redirects are not followed, whatever it says of them.
	HTTP *http.Client
	// Now is the clock; nil: that of the machine.
	Now func() time.Time
	// Log hears of key sets that cannot be had; nil: nobody does.
	Log *slog.Logger
}

// Verifier proves who people are. It remembers the keys of providers and is safe for
// concurrent use.
type Verifier struct {
	http *http.Client
	now  func() time.Time
	log  *slog.Logger
	keys *keySets
}

// New returns a Verifier.
func New(o Options) *Verifier {
	client := *o.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v := &Verifier{http: &client, now: o.Now, log: o.Log}
	if v.now == nil {
		v.now = time.Now
	}
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	v.keys = newKeySets(v.http, v.now, v.log)
	return v
}

// Answer is what the token endpoint sent, and what it is to be held against.
type Answer struct {
	// Provider is the one that the callback came from: the issuer follows the data
	// centre of the person. Its endpoints are complete where they are discovered.
	Provider catalog.Provider
	ClientID string
	// Type decides whether an ID token is looked at.
	Type        sso.ConnectorType
	IDToken     secret.Text // zero: none came
	AccessToken secret.Text
	// Nonce is the one of the authorization request. Without one no ID token passes.
	Nonce string
	// Wanted names the claims that matter beyond the name and the e-mail address.
	// Userinfo is asked only if the ID token lacks one of them.
	Wanted []string
}

// Source is what a proof rests on.
type Source string

// The sources, the best first.
const (
	FromIDToken  Source = "id_token"
	FromUserinfo Source = "userinfo"
	// FromProfile is a provider's own call about the account, which proves who it is
	// and no e-mail address.
	FromProfile Source = "profile"
)

// Proof is who somebody is.
type Proof struct {
	// Subject has the issuer as the catalogue spells it, whatever the token does. Of
	// a provider that has none it is the address that was asked.
	Subject sso.Subject
	// Claims never hold a token of the provider; sub is always text.
	Claims sso.Claims
	Source Source
	// SessionID is the provider's session (sid), for back-channel logout; often empty.
	SessionID string
	// IssuedAt is when the provider issued the ID token, by its own clock; zero: there
	// was none.
	IssuedAt time.Time
	// Trace says what was checked, a sentence a step, for administrators. It holds
	// nothing of a token, and is there beside an error too.
	Trace []string
}

// Identify proves who it was that the provider sent here. The ID token decides;
// userinfo adds what the token lacks and stands in for one that did not come.
//
// Its errors are *authmethods.Problem: of CodeIdentityUnproved with a Detail that
// names the check that failed, of CodeClockSkew if that is a matter of time, or of CodeProviderDown if asking again may help.
func (v *Verifier) Identify(ctx context.Context, a Answer) (Proof, error) {
	w := &work{Verifier: v, answer: a}
	err := w.identify(ctx)
	return w.proof, err
}

// Inspect says who an ID token names, for people who look for a fault: signature,
// issuer, audience and subject must be right, while its times and the nonce are
// only spoken of in the trace. Nobody may be signed in by it. Errors are as with
// [Verifier.Identify].
func (v *Verifier) Inspect(ctx context.Context, provider catalog.Provider, clientID string, idToken secret.Text) (Proof, error) {
	w := &work{Verifier: v, answer: Answer{Provider: provider, ClientID: clientID, IDToken: idToken}, lenient: true}
	err := w.byIDToken(ctx)
	return w.proof, err
}

// Logout is what a provider says in a back-channel logout token (OpenID Connect
// Back-Channel Logout 1.0): the session, or all of the subject's sessions where
// SessionID is empty. SessionID and Subject are not both empty.
type Logout struct {
	Issuer    string
	Subject   string
	SessionID string
	// IssuedAt is when the provider said so, by its own clock. What began there later
	// is not meant: so a token that is presented again ends nothing more.
	IssuedAt time.Time
}

// LogoutToken checks a logout token. Errors are as with [Verifier.Identify].
func (v *Verifier) LogoutToken(ctx context.Context, provider catalog.Provider, clientID string, token secret.Text) (Logout, error) {
	w := &work{Verifier: v, answer: Answer{Provider: provider, ClientID: clientID, IDToken: token}}
	return w.logout(ctx)
}

// work is the proof of one sign-in in the making.
type work struct {
	*Verifier
	answer  Answer
	lenient bool // times and nonce are told, not judged
	proof   Proof
}

func (w *work) tell(sentence string) { w.proof.Trace = append(w.proof.Trace, sentence) }

// refuse ends the work because something proves nothing. The cause is for the log.
func (w *work) refuse(detail string, cause error) error {
	w.tell(detail)
	return &authmethods.Problem{Kind: authmethods.Forbidden, Code: authmethods.CodeIdentityUnproved, Detail: detail, Err: cause}
}

// down ends the work because the provider cannot be asked now.
func (w *work) down(detail string, cause error) error {
	w.tell(detail)
	return &authmethods.Problem{Kind: authmethods.Unavailable, Code: authmethods.CodeProviderDown, Detail: detail, Err: cause}
}
