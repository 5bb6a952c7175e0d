package main

import "time"

// grant is what the user allowed: all tokens that came from one code.
type grant struct {
	id       string
	clientID string
	subject  string
	scopes   []string
	authTime time.Time
	ended    string // why it ended; empty while it lives
}

// Reasons a grant ended.
const (
	endedByReuse      = "reuse"      // a spent code or refresh token came back
	endedByRevocation = "revocation" // the client revoked it
	endedByUser       = "user"       // the user removed the application
	endedByLogout     = "logout"     // the user ended the session here
)

func (g *grant) end(why string) {
	if g.ended == "" {
		g.ended = why
	}
}

// grantState is how the control endpoint shows a grant.
type grantState struct {
	ID     string   `json:"id"`
	User   string   `json:"user"`
	Scopes []string `json:"scopes"`
	Alive  bool     `json:"alive"`
	Ended  string   `json:"ended,omitempty"`
}

type refreshToken struct {
	grant   *grant
	expires time.Time
	spent   bool
}

type accessToken struct {
	grant   *grant
	scopes  []string
	expires time.Time
	revoked bool
}

func (a *accessToken) valid(now time.Time) bool {
	return a.grant.ended == "" && !a.revoked && now.Before(a.expires)
}
