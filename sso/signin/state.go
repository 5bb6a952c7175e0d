package signin

import (
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
)

// Lifetime is how long somebody may take at the provider.
const Lifetime = 10 * time.Minute

// State is a sign-in that has begun. The browser keeps it, sealed; here nothing is
// kept of who may never come back.
type State struct {
	Connector     authmethods.ID
	Reference     string // of the connector
	State         secret.Text
	Nonce         secret.Text
	CodeVerifier  secret.Text
	DataCentre    string // where it began
	ClientVersion int64  // its Base: a next secret that took over meanwhile is no matter
	ReturnTo      string // where the person goes on to; checked
	BeganAt       time.Time
	// Test has the sign-in judged and not carried out.
	Test bool
}

// sealable is a State as it is sealed, which secrets by themselves refuse.
type sealable struct {
	Connector     authmethods.ID `json:"c"`
	Reference     string         `json:"r"`
	State         string         `json:"s"`
	Nonce         string         `json:"n"`
	CodeVerifier  string         `json:"v"`
	DataCentre    string         `json:"d,omitempty"`
	ClientVersion int64          `json:"k"`
	ReturnTo      string         `json:"t,omitempty"`
	BeganAt       int64          `json:"b"` // Unix seconds
	Test          bool           `json:"x,omitempty"`
}

// Keep gives what is to be sealed to keep.
func (s State) Keep(keep func(v any) error) error {
	return keep(sealable{
		Connector: s.Connector, Reference: s.Reference, State: s.State.Reveal(), Nonce: s.Nonce.Reveal(),
		CodeVerifier: s.CodeVerifier.Reveal(), DataCentre: s.DataCentre, ClientVersion: s.ClientVersion,
		ReturnTo: s.ReturnTo, BeganAt: s.BeganAt.Unix(), Test: s.Test,
	})
}

// OpenState returns the State that open fills in.
func OpenState(open func(into any) error) (State, error) {
	var s sealable
	if err := open(&s); err != nil {
		return State{}, err
	}
	return State{
		Connector: s.Connector, Reference: s.Reference, State: secret.New(s.State), Nonce: secret.New(s.Nonce),
		CodeVerifier: secret.New(s.CodeVerifier), DataCentre: s.DataCentre, ClientVersion: s.ClientVersion,
		ReturnTo: s.ReturnTo, BeganAt: time.Unix(s.BeganAt, 0), Test: s.Test,
	}, nil
}
