package consent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

// refused ends a consent: what was understood, as a diagnosis.
type refused struct {
	code   authmethods.Code
	detail string
}

func (r *refused) Error() string { return string(r.code) + ": " + r.detail }

func refuse(code authmethods.Code, format string, args ...any) error {
	return &refused{code, fmt.Sprintf(format, args...)}
}

// exchangeTime bounds all calls to the provider that a callback causes.
const exchangeTime = 45 * time.Second

// Complete receives the provider's callback. The state is consumed before
// anything else, also by an error. An answer that yields no grant is not an
// error here but a failed [Attempt].
func (s *Service) Complete(ctx context.Context, c authmethods.Caller, cb Callback, browser secret.Text) (Attempt, error) {
	if cb.State == "" || browser.IsZero() {
		return Attempt{}, outOfDate()
	}
	record, err := s.o.Grants.ConsumeConsent(ctx, c, token.HashOf(secret.New(cb.State)), token.HashOf(browser), string(Started), string(Exchanging))
	if authmethods.KindOf(err) == authmethods.NotFound {
		return Attempt{}, outOfDate()
	}
	if err != nil {
		return Attempt{}, err
	}
	// The browser may leave; the code is spent, and what it yields must be kept.
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTime)
	defer cancel()
	p, err := s.received(work, c, record, cb)
	if err == nil {
		err = s.free(work, c, p)
	}
	if err == nil {
		err = s.exchange(work, c, p, record, secret.New(cb.Code), record.CodeVerifier, record.RedirectURI)
	}
	return s.ended(work, c, record.ID, err)
}

// ended shows a consent after its work, and records why it failed if it did.
func (s *Service) ended(ctx context.Context, c authmethods.Caller, id authmethods.ID, err error) (Attempt, error) {
	var why *refused
	var problem *authmethods.Problem
	switch {
	case err == nil:
		s.o.Changed(c.Tenant())
		return s.read(ctx, c, id)
	case errors.As(err, &why):
	case errors.As(err, &problem) && problem.Kind != authmethods.Internal:
		why = &refused{problem.Code, problem.Detail}
	default:
		s.o.Log.Error("consent ended abnormally", "consent", id, "error", err)
		why = &refused{authmethods.CodeInternal, "Something went wrong here. Nothing was enabled."}
	}
	s.o.Log.Info("consent failed", "consent", id, "code", why.code)
	open := []string{string(Exchanging), string(AwaitingOrganization)}
	if _, failed := s.o.Grants.FailConsent(ctx, c, id, open, string(Failed), why.code, why.detail); failed != nil {
		return Attempt{}, errors.Join(failed, err)
	}
	return s.read(ctx, c, id)
}

// received judges the callback before its code is sent anywhere: who answered,
// from where, and whether it is an approval at all.
func (s *Service) received(ctx context.Context, c authmethods.Caller, record store.Consent, cb Callback) (*plan, error) {
	p, err := s.plan(ctx, c, string(record.MethodID), record.Environment, record.DataCentre)
	if err != nil {
		return nil, err
	}
	if p.client.Base != record.ClientVersion {
		return nil, refuse(authmethods.CodeLinkOutOfDate, "Client ID or secret were changed after this approval began. Start again.")
	}
	if err := s.region(ctx, p, record, cb); err != nil {
		return nil, err
	}
	if err := issuer(p, cb); err != nil {
		return nil, err
	}
	switch {
	case cb.Error == "access_denied":
		return nil, refuse(authmethods.CodeApprovalDeclined, "%s answered that the request was declined.", p.kind.Name)
	case cb.Error != "":
		return nil, declined(p, cb.Error)
	case cb.Code == "":
		return nil, refuse(authmethods.CodeUnexpectedReply, "%s sent the browser back without a code and without an error.", p.kind.Name)
	}
	return p, nil
}

// declined understands the errors of RFC 6749 section 4.1.2.1 and of its
// neighbours. The provider's own words are not repeated.
func declined(p *plan, code string) error {
	switch p.provider.Errors.Class(code) {
	case catalog.ClassScopeInvalid:
		return refuse(authmethods.CodeScopeUnknown, "%s does not know one of the permissions that were asked for.", p.kind.Name)
	case catalog.ClassClientRejected:
		return refuse(authmethods.CodeClientUnknown, "%s did not accept the client ID.", p.kind.Name)
	case catalog.ClassRedirectURI:
		return refuse(authmethods.CodeRedirectURIMismatch, "%s does not know the redirect URI of this workspace.", p.kind.Name)
	case catalog.ClassThrottled:
		return refuse(authmethods.CodeProviderThrottled, "%s asks to wait before the next approval.", p.kind.Name)
	}
	switch code {
	case "server_error", "temporarily_unavailable":
		return refuse(authmethods.CodeProviderDown, "%s could not finish the approval just now.", p.kind.Name)
	case "login_required", "consent_required", "interaction_required", "account_selection_required":
		return refuse(authmethods.CodeApprovalDeclined, "%s wanted to ask the person something and could not.", p.kind.Name)
	}
	return refuse(authmethods.CodeUnexpectedReply, "%s ended the approval with an error that is not in its description.", p.kind.Name)
}

// region switches the plan to the data centre that the callback names. Nothing falls
// back to a default.
func (s *Service) region(ctx context.Context, p *plan, record store.Consent, cb Callback) error {
	dc, named, known := p.kind.Answering(p.provider.RegionParams, cb.Query)
	switch {
	case !known:
		return refuse(authmethods.CodeAccountsServerRefused, "The reply named a server that is not in the table of %s, or two that do not belong together.", p.kind.Name)
	case !named || dc.Code == p.provider.DataCentre:
		return nil
	}
	return p.in(ctx, s, record.Environment, dc.Code)
}

// issuer compares the iss parameter with the authorization server that was asked.
func issuer(p *plan, cb Callback) error {
	switch {
	case p.provider.Answers(cb.Issuer):
		return nil
	case cb.Issuer == "":
		return refuse(authmethods.CodeAccountsServerRefused, "The reply did not say which authorization server it came from, as this one promises to.")
	}
	return refuse(authmethods.CodeAccountsServerRefused, "The reply came from another authorization server than the one that was asked.")
}

// failureOf turns a refusal by the token endpoint into the diagnosis of a
// consent.
func failureOf(p *plan, record store.Consent, f *tokens.Failure) error {
	name := p.kind.Name
	elsewhere := p.provider.DataCentre != record.DataCentre && (p.method.DataCentre != authmethods.DataCentreAuto || f.ProviderError == "invalid_client")
	if f.Code == authmethods.CodeClientRejected && elsewhere {
		// A client that serves one data centre is unknown in the others, or has another
		// secret there. Where none is named, a refused secret is just a wrong one.
		return refuse(authmethods.CodeWrongDataCentre, "The account lives%s, where %s does not accept the client.", at(p), name)
	}
	switch f.Code {
	case authmethods.CodeGrantLost:
		return refuse(authmethods.CodeCodeExpired, "%s did not accept the code: it was too old or used before.", name)
	case authmethods.CodeClientRejected:
		return refuse(f.Code, "%s refused the client ID and secret%s.", name, at(p))
	case authmethods.CodeProviderThrottled:
		return refuse(f.Code, "%s asks to wait. Nothing is lost; approve again in a while.", name)
	case authmethods.CodeUnexpectedReply:
		return refuse(f.Code, "%s answered with something that is no token answer.", name)
	case authmethods.CodeProviderDown:
		return refuse(f.Code, "%s could not be reached or is in trouble.", name)
	}
	return refuse(f.Code, "%s did not give a token.", name)
}

// at names the data centre where there are several: a wrong one often looks like
// a wrong secret.
func at(p *plan) string {
	if p.provider.DataCentre == "" {
		return ""
	}
	return " at its data centre " + p.provider.DataCentre
}
