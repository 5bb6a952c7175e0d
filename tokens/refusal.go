package tokens

import (
	"fmt"
	"time"

	"latchkey/authmethods"
)

// refusalOf explains why there is no token to lend.
func refusalOf(g *Grant, d Decision, w Want, now time.Time) *authmethods.Problem {
	wait := max(d.At.Sub(now), time.Second)
	switch {
	case d.Step == Unmeetable && w.MinTTL > 0:
		return &authmethods.Problem{
			Kind: authmethods.Unavailable, Code: authmethods.CodeProviderDown,
			Detail: fmt.Sprintf("This provider's tokens live %s; none can have %s left.", life(g), w.MinTTL),
		}
	case d.Step == Fail && g.Broken == "" && g.Version == 0:
		return consentRequired()
	case d.Step == Fail:
		reason := g.Broken
		if reason == "" {
			reason = authmethods.CodeNoLongTermAccess
		}
		return &authmethods.Problem{
			Kind: authmethods.HumanNeeded, Code: authmethods.CodeReconnectRequired, Reason: reason, Detail: lossOf(g),
		}
	case g.ClientRejected != nil || g.FailureCode == authmethods.CodeClientRejected || g.FailureCode == authmethods.CodeRedirectURIMismatch:
		reason := g.FailureCode
		if g.ClientRejected != nil {
			reason = g.ClientRejected.Code
		}
		return &authmethods.Problem{
			Kind: authmethods.HumanNeeded, Code: authmethods.CodeClientRejected, Reason: reason,
			Detail: "The provider refused the client ID and secret. The connection itself is not lost.",
		}
	}
	if d.Step == Backoff && d.At.Equal(g.Quota.FreeAt(now)) {
		return &authmethods.Problem{
			Kind: authmethods.Unavailable, Code: authmethods.CodeProviderThrottled, RetryAfter: wait,
			Detail: fmt.Sprintf("The provider allows this connection a few token requests in %s; ours are used up, and no usable token is left.", g.Quota.Window),
		}
	}
	switch g.FailureCode {
	case authmethods.CodeProviderThrottled:
		return &authmethods.Problem{
			Kind: authmethods.Unavailable, Code: authmethods.CodeProviderThrottled, RetryAfter: wait,
			Detail: "The provider asks to wait, and no usable token is left.",
		}
	case authmethods.CodeScopeUnknown, authmethods.CodeOrganizationMissing:
		return &authmethods.Problem{
			Kind: authmethods.HumanNeeded, Code: g.FailureCode,
			Detail: "The provider does not accept the method's settings.",
		}
	}
	return &authmethods.Problem{
		Kind: authmethods.Unavailable, Code: authmethods.CodeProviderDown, Reason: g.FailureCode, RetryAfter: wait,
		Detail: "The provider cannot be reached or does not answer as it should, and no usable token is left.",
	}
}

// lossOf says how access was lost.
func lossOf(g *Grant) string {
	if g.BackupAt.IsZero() {
		return "Access was lost and must be approved again."
	}
	return fmt.Sprintf("Latchkey was restored from a backup of %s, and the access was replaced or withdrawn at the provider since. It must be approved again.",
		g.BackupAt.UTC().Format("2006-01-02 15:04 UTC"))
}

func consentRequired() *authmethods.Problem {
	return &authmethods.Problem{
		Kind: authmethods.HumanNeeded, Code: authmethods.CodeConsentRequired,
		Detail: "Nobody has approved this access at the provider yet.",
	}
}
