package catalog

import "time"

// Limits are the provider's; zero is unknown or unlimited.
type Limits struct {
	Refreshes                     RefreshLimit  `yaml:"refreshes"`
	AccessTokensPerRefreshToken   int           `yaml:"access_tokens_per_refresh_token"`
	RefreshTokensPerUserAndClient int           `yaml:"refresh_tokens_per_user_and_client"`
	ThrottleBackoff               time.Duration `yaml:"throttle_backoff"` // least wait after a throttle
	// PerClient and PerHost bound the token requests of one client, and of all
	// clients together, at one token endpoint.
	PerClient RequestLimit `yaml:"token_requests_per_client"`
	PerHost   RequestLimit `yaml:"token_requests_per_host"`
}

// RequestLimit allows so many requests in any window of time.
type RequestLimit struct {
	Allowed int           `yaml:"allowed"`
	Window  time.Duration `yaml:"window"`
}

// RefreshLimit is per refresh token: the provider allows Allowed in Window, we
// use Budget of them.
type RefreshLimit struct {
	Allowed int           `yaml:"allowed"`
	Budget  int           `yaml:"budget"`
	Window  time.Duration `yaml:"window"`
}
