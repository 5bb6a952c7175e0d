package zohosim

import "time"

// Validity is what the simulator knows about a token.
type Validity struct {
	Valid  bool   `json:"valid"`
	Reason string `json:"reason,omitempty"` // empty while valid
	// Kind is "access" or "refresh", empty when the token is unknown.
	Kind        string    `json:"kind,omitempty"`
	Fingerprint string    `json:"fingerprint"`
	Client      string    `json:"client,omitempty"`
	User        string    `json:"user,omitempty"`
	DC          string    `json:"dc,omitempty"`
	Grant       string    `json:"grant,omitempty"`
	Scopes      []string  `json:"scopes,omitempty"`
	Issued      time.Time `json:"issued,omitzero"`
	Expires     time.Time `json:"expires,omitzero"` // zero for refresh tokens, which do not expire
	Ended       time.Time `json:"ended,omitzero"`
}

func (a *accessToken) validity() Validity {
	g := a.grant
	return Validity{Kind: "access", Fingerprint: a.fingerprint, Client: g.client.ID, User: g.userEmail(), DC: g.dc.code,
		Grant: g.id, Scopes: a.scopes, Issued: a.issued, Expires: a.expires, Ended: a.ended, Reason: a.reason}
}

func (t *refreshToken) validity() Validity {
	g := t.grant
	return Validity{Kind: "refresh", Fingerprint: t.fingerprint, Client: g.client.ID, User: g.userEmail(), DC: g.dc.code,
		Grant: g.id, Scopes: g.scopes, Issued: t.issued, Ended: t.ended, Reason: t.reason}
}

// at settles validity for a moment: a token evicted later was still good then.
func (v Validity) at(moment time.Time) Validity {
	reason := v.Reason
	v.Reason = ""
	switch {
	case v.Kind == "" || moment.Before(v.Issued):
		v.Reason = ReasonUnknown
	case !v.Ended.IsZero() && !moment.Before(v.Ended):
		v.Reason = reason
	case !v.Expires.IsZero() && !moment.Before(v.Expires):
		v.Reason = ReasonExpired
	}
	v.Valid = v.Reason == ""
	return v
}

// Token says whether a token, access or refresh, is good now.
func (s *Sim) Token(token string) Validity { return s.ValidAt(token, s.clock.Now()) }

// ValidAt says whether a token was good at a moment of the simulator's clock. A token that ended
// within that very moment counts as ended.
func (s *Sim) ValidAt(token string, moment time.Time) Validity {
	return s.FingerprintValidAt(Fingerprint(token), moment)
}

// FingerprintValidAt is ValidAt for callers that kept only the fingerprint.
func (s *Sim) FingerprintValidAt(fingerprint string, moment time.Time) Validity {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.access.get(fingerprint); ok {
		return a.validity().at(moment)
	}
	if t, ok := s.refresh.get(fingerprint); ok {
		return t.validity().at(moment)
	}
	return Validity{Fingerprint: fingerprint}.at(moment)
}

// Tokens lists everything the simulator knows of, refresh tokens first, each from the oldest.
func (s *Sim) Tokens() []Validity {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	var list []Validity
	s.refresh.each(func(t *refreshToken) { list = append(list, t.validity().at(now)) })
	s.access.each(func(a *accessToken) { list = append(list, a.validity().at(now)) })
	return list
}

// Refreshes is how many refresh requests the simulator granted for a refresh token.
func (s *Sim) Refreshes(refreshFingerprint string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.refresh.get(refreshFingerprint); ok {
		return t.uses
	}
	return 0
}
