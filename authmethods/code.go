package authmethods

// Code is a stable word for a situation. It never changes its meaning and never
// depends on the language; texts about it come from [Diagnose].
type Code string

// What the interfaces answer (design of the HTTP contract).
const (
	CodeInvalidRequest     Code = "invalid_request"
	CodeInvalidAPIKey      Code = "invalid_api_key"
	CodeLoanNotAllowed     Code = "loan_not_allowed"
	CodeForbidden          Code = "forbidden"
	CodeNotFound           Code = "not_found"
	CodeConflict           Code = "conflict"
	CodeStale              Code = "changed_meanwhile"
	CodeLimitReached       Code = "limit_reached"
	CodeHasDependents      Code = "has_dependents"
	CodeTooManyRequests    Code = "too_many_requests"
	CodeConsentRequired    Code = "consent_required"
	CodeReconnectRequired  Code = "reconnect_required"
	CodeMethodDisabled     Code = "method_disabled"
	CodeProviderDown       Code = "provider_unavailable"
	CodeProviderThrottled  Code = "provider_throttled"
	CodeStorageUnavailable Code = "storage_unavailable"
	CodeInternal           Code = "internal_error"
	CodeFrozen             Code = "frozen"
	CodeTestKeyOnLive      Code = "test_key_on_live"
)

// What can go wrong with a provider; the diagnosis catalogue gives each a title,
// causes and what to do.
const (
	CodeApprovalDeclined      Code = "approval_declined"       // D-01
	CodeApprovalNotFinished   Code = "approval_not_finished"   // D-02
	CodeRedirectURIMismatch   Code = "redirect_uri_mismatch"   // D-03
	CodeClientUnknown         Code = "client_unknown"          // D-04
	CodeLinkOutOfDate         Code = "link_out_of_date"        // D-05
	CodeWrongDataCentre       Code = "wrong_data_centre"       // D-06
	CodeClientRejected        Code = "client_rejected"         // D-07
	CodeCodeExpired           Code = "code_expired"            // D-08
	CodeNoLongTermAccess      Code = "no_long_term_access"     // D-09
	CodeScopesMissing         Code = "scopes_missing"          // D-10
	CodeScopeUnknown          Code = "scope_unknown"           // D-11
	CodeGrantLost             Code = "grant_lost"              // D-12
	CodeUnexpectedReply       Code = "unexpected_reply"        // D-15
	CodeTokenRejected         Code = "token_rejected"          // D-16
	CodePermissionMissing     Code = "permission_missing"      // D-17
	CodeOrganizationMismatch  Code = "organisation_mismatch"   // D-18
	CodeAccountLimited        Code = "account_limited"         // D-19
	CodeClockSkew             Code = "clock_skew"              // D-20
	CodeAccountsServerRefused Code = "accounts_server_refused" // D-21
	CodePublicAddress         Code = "public_address_mismatch" // D-22
	CodeEnvironmentMismatch   Code = "environment_mismatch"    // D-24
	CodeQuotaReached          Code = "quota_reached"           // D-25: of calls of the provider's API
	CodeKeyUnavailable        Code = "key_unavailable"         // D-23
	CodeKeyServiceUnavailable Code = "key_service_unavailable" // D-29
	CodeResponseLost          Code = "response_lost"           // D-26: the answer to a rotation never reached us
	CodeOrganizationMissing   Code = "organization_missing"    // D-27: the provider asks for an organisation number
	CodeRevoked               Code = "revoked"                 // D-28: somebody here revoked it
	CodeLostSinceBackup       Code = "lost_since_backup"       // D-30: what a backup brought back does not hold any more
)

// What becomes of a sign-in that fails.
const (
	CodeNoMatchingUser    Code = "no_matching_user"     // S-01
	CodeNotAssociated     Code = "not_associated"       // S-02
	CodeSeveralUsers      Code = "several_users"        // S-03
	CodeEmailUnverified   Code = "email_unverified"     // S-04
	CodeIdentityChanged   Code = "identity_changed"     // S-05
	CodeUserDisabled      Code = "user_disabled"        // S-06
	CodeConnectorDisabled Code = "connector_disabled"   // S-07
	CodeSignInDeclined    Code = "sign_in_declined"     // S-08: the person said no at the provider
	CodeSignInOutOfDate   Code = "sign_in_out_of_date"  // S-09: too old, used, or another browser's
	CodeIdentityUnproved  Code = "identity_unproved"    // S-10: what the provider sent proves nothing
	CodeWrongPassword     Code = "wrong_password"       // S-11
	CodeNotSignedIn       Code = "not_signed_in"        // S-12: there is no session
	CodeSecondFactor      Code = "second_factor_needed" // S-14
	CodeLastAdministrator Code = "last_administrator"
)
