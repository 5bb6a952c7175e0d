package tokens

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
)

// Rejection is a service's report that a provider refused a lent token.
type Rejection struct {
	Status int    // HTTP status of the provider's API
	Code   string // its error code, if it gave one
}

// Outcome is what became of a rejection.
type Outcome string

// The outcomes.
const (
	Replaced        Outcome = "replaced"
	AlreadyReplaced Outcome = "already_replaced"
	ScopeProblem    Outcome = "scope_problem" // a new token would not help
	NotReplaced     Outcome = "not_replaced"  // the refresh budget is spent, or the refresh failed
	// What a new token would not help with either, more exactly.
	WrongOrganization Outcome = "wrong_organization"
	AccountLimited    Outcome = "account_limited"
	QuotaReached      Outcome = "quota_reached"
)

// Verdict is what the contract with services calls the outcome.
func (o Outcome) Verdict() string {
	switch o {
	case WrongOrganization, AccountLimited:
		return string(ScopeProblem)
	case QuotaReached:
		return string(NotReplaced)
	}
	return string(o)
}

// Code is of the diagnosis that explains the outcome; empty: what was reported was not
// about the token.
func (o Outcome) Code() authmethods.Code {
	switch o {
	case Replaced, AlreadyReplaced:
		return authmethods.CodeTokenRejected
	case ScopeProblem:
		return authmethods.CodePermissionMissing
	case WrongOrganization:
		return authmethods.CodeOrganizationMismatch
	case AccountLimited:
		return authmethods.CodeAccountLimited
	case QuotaReached:
		return authmethods.CodeQuotaReached
	}
	return ""
}

// outcomes are those of reports for which no new token is asked.
var outcomes = map[catalog.APIClass]Outcome{
	catalog.APIPermission: ScopeProblem, catalog.APIOrganization: WrongOrganization, catalog.APIAccount: AccountLimited,
	catalog.APIQuota: QuotaReached, catalog.APIOther: NotReplaced,
}

// Reject answers a report that a provider refused the token with the given id.
// Any number of reports of one token cause one refresh at most: the token is
// replaced only while it is the grant's current one. A stale or forged report
// causes none.
func (l *Lender) Reject(ctx context.Context, svc *authmethods.Service, id authmethods.ID, r Rejection) (Outcome, Loan, error) {
	issued, err := l.directory.FindToken(ctx, svc.Tenant, id)
	if err != nil {
		return "", Loan{}, err
	}
	request := LoanRequest{
		Tenant: string(issued.TenantID), Method: issued.Method, Environment: issued.Environment, Subject: issued.Subject,
	}
	permit, err := l.allowedAny(svc, &issued.Target)
	if err != nil {
		return "", Loan{}, err
	}
	request.Scopes = permit.Scopes // as much as the service may have
	if final, ok := outcomes[issued.Provider.APIErrors.Class(r.Status, r.Code)]; ok {
		return final, Loan{}, nil
	}
	g, now, err := issued.Slot.Load(ctx)
	if err != nil {
		return "", Loan{}, err
	}
	outcome := Replaced
	if g.Access.ID != id {
		outcome = AlreadyReplaced
	} else if !g.Quota.FreeAt(now).IsZero() {
		l.engine.Log.Warn("token reported as rejected, refresh budget spent", "token", id, "budget", g.Quota.Allowed)
		return NotReplaced, Loan{}, nil
	}
	l.Forget(issued.TenantID)
	loan, err := l.fromStore(ctx, svc, keyOf(svc.Tenant, request), request, Want{Other: id})
	if authmethods.KindOf(err) == authmethods.Unavailable {
		return NotReplaced, Loan{}, nil
	}
	return outcome, loan, err
}

// allowedAny returns the permit by which svc may borrow from t at all. Otherwise the token is as
// unknown to it as one that does not exist.
func (l *Lender) allowedAny(svc *authmethods.Service, t *Target) (authmethods.Permit, error) {
	for _, p := range svc.Permits {
		if p.Allows(svc.Tenant, t.Loanable) {
			return p, nil
		}
	}
	return authmethods.Permit{}, authmethods.Missing()
}
