package zohosim

// Switches choose between behaviours Zoho's pages or field reports disagree about. The zero value
// is Zoho as most recently documented; the limits count 0 as their default and a negative number
// as no limit.
type Switches struct {
	// ErrorPageStatus is the HTTP status of the authorise error page: 200 (default) or 400.
	ErrorPageStatus int `json:"error_page_status"`
	// Language of error pages and of the throttle body: "en", "zh" or "fr"; empty asks the
	// browser for pages and is English for the throttle.
	Language string `json:"language"`
	// NoTrailingAmpersand drops the "&" Zoho leaves at the end of the callback.
	NoTrailingAmpersand bool `json:"no_trailing_ampersand"`
	// NoStateOnDenial leaves state out of error=access_denied.
	NoStateOnDenial bool `json:"no_state_on_denial"`
	// SpaceScopes says when spaces separate scopes as well as commas: "oidc" (default, only when
	// every scope is an OpenID one), "never" or "always".
	SpaceScopes string `json:"space_scopes"`

	// ThrottleStatus is the status of the "Access Denied" body: 400 (default) or 200.
	ThrottleStatus int `json:"throttle_status"`
	// ThrottleExtends starts the ten minutes again on each request made while blocked.
	ThrottleExtends bool `json:"throttle_extends"`
	// WrongDC is the error of a code or refresh token at another data centre: "invalid_client"
	// (default) or "invalid_code".
	WrongDC string `json:"wrong_dc"`
	// ExpiresIn is the shape of the lifetime: "seconds" (default), "milliseconds" (expires_in in
	// ms beside expires_in_sec) or "sec_only" (expires_in_sec alone).
	ExpiresIn string `json:"expires_in"`
	// NoScopeInReply leaves scope out of token replies.
	NoScopeInReply bool `json:"no_scope_in_reply"`
	// APIDomainSlash ends api_domain with a slash.
	APIDomainSlash bool `json:"api_domain_slash"`
	// DeskSandboxAPIDomain gives Desk sandbox tokens the sandbox api_domain, as CRM ones have.
	DeskSandboxAPIDomain bool `json:"desk_sandbox_api_domain"`
	// NoBasicAuth refuses client_secret_basic, which discovery announces and no sample uses.
	NoBasicAuth bool `json:"no_basic_auth"`
	// StandardErrors answers errors with 400 or 401 and RFC 6749 codes, to play other providers.
	StandardErrors bool `json:"standard_errors"`

	// RotateRefreshTokens returns a new refresh token on every refresh and revokes the whole
	// family when an old one comes back. Zoho does not do this; others do.
	RotateRefreshTokens bool `json:"rotate_refresh_tokens"`
	// RotationKillsAccess also ends the older access tokens on rotation.
	RotationKillsAccess bool `json:"rotation_kills_access"`
	// RotationLeewaySeconds is how long a rotated token may come back without punishment.
	RotationLeewaySeconds int `json:"rotation_leeway_seconds"`

	// LegacyIDToken signs with header key_id and padded base64, as an old Zoho sample shows.
	LegacyIDToken bool `json:"legacy_id_token"`
	// SchemelessIssuer writes iss without "https://".
	SchemelessIssuer bool `json:"schemeless_issuer"`
	// NoNonceEcho leaves the nonce out of ID tokens.
	NoNonceEcho bool `json:"no_nonce_echo"`
	// RS384 signs ID tokens with RS384 in place of RS256.
	RS384 bool `json:"rs384"`
	// NoEmailVerified, NoName and NoPicture leave those claims out.
	NoEmailVerified bool `json:"no_email_verified"`
	NoName          bool `json:"no_name"`
	NoPicture       bool `json:"no_picture"`
	// ClockSkewSeconds is added to the times in ID tokens and Date headers.
	ClockSkewSeconds int `json:"clock_skew_seconds"`
	// UserinfoPage says when userinfo is a 400 HTML page: "profile_only" (default), "always" or
	// "never".
	UserinfoPage string `json:"userinfo_page"`
	// LegacyUserInfoScopeBody answers /oauth/user/info without its scope with INVALID_OAUTHSCOPE
	// in place of {"status_code":405}.
	LegacyUserInfoScopeBody bool `json:"legacy_user_info_scope_body"`

	// OrgIDRequired makes the orgId header mandatory in Desk; newer text makes it optional.
	OrgIDRequired bool `json:"org_id_required"`
	// StringBooleans writes Desk booleans as "true" and "false", as some published examples do.
	StringBooleans bool `json:"string_booleans"`
	// DeskHTML401 answers bad Desk tokens with an HTML sign-in page.
	DeskHTML401 bool `json:"desk_html_401"`

	Limits
}

// Limits are the numbers of Zoho's limit pages.
type Limits struct {
	AccessTokensPerRefreshToken int `json:"access_tokens_per_refresh_token"` // 10; other pages say 15 and 30
	RefreshesPerWindow          int `json:"refreshes_per_window"`            // 10 per refresh token
	RefreshTokensPerUser        int `json:"refresh_tokens_per_user"`         // 20 per user and client
	NewRefreshTokensPerWindow   int `json:"new_refresh_tokens_per_window"`   // 10 per user and client
	CodesPerWindow              int `json:"codes_per_window"`                // 10 per user and client
	WindowSeconds               int `json:"window_seconds"`                  // 600
	CodeSeconds                 int `json:"code_seconds"`                    // 120; other pages say 60 and 180
	AccessTokenSeconds          int `json:"access_token_seconds"`            // 3600
	DevicePollSeconds           int `json:"device_poll_seconds"`             // 30
	DeviceCodeSeconds           int `json:"device_code_seconds"`             // 300
	DeskCreditsPerDay           int `json:"desk_credits_per_day"`            // 50000 per portal
	DeskConcurrency             int `json:"desk_concurrency"`                // 10 per portal
}

// Switch changes the switches while the simulator runs.
func (s *Sim) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.sw)
}

// Switches returns the present switches.
func (s *Sim) Switches() Switches {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sw
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
