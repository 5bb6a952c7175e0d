package credentials_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"testing"
)

// authenticator is a security key with one passkey, and the browser in front of it.
// Its fields may be changed to have it lie.
type authenticator struct {
	key     *ecdsa.PrivateKey
	id      []byte
	handle  []byte
	counter uint32
	origin  string
	party   string // empty: the one that the ceremony asks for
	flags   byte
}

// What an authenticator says of itself (WebAuthn section 6.1).
const (
	present  = 0x01
	verified = 0x04
	attested = 0x40
)

func newAuthenticator(t testing.TB, origin string) *authenticator {
	t.Helper()
	a := &authenticator{key: got(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t), id: make([]byte, 32), origin: origin, flags: present | verified}
	rand.Read(a.id)
	return a
}

// asked is as much of a ceremony's options as a browser needs here.
type asked struct {
	PublicKey struct {
		Challenge string
		RPID      string `json:"rpId"`
		RP        struct{ ID string }
		User      struct{ ID string }
		Exclude   []struct{ ID string } `json:"excludeCredentials"`
		Selection struct {
			ResidentKey, UserVerification string
		} `json:"authenticatorSelection"`
		UserVerification string
	}
}

func options(t testing.TB, text []byte) (o asked) {
	t.Helper()
	must(t, json.Unmarshal(text, &o))
	return o
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// data is the authenticator data for a party, with what follows the counter.
func (a *authenticator) data(party string, flags byte, rest []byte) []byte {
	if a.party != "" {
		party = a.party
	}
	sum := sha256.Sum256([]byte(party))
	out := append(sum[:], flags)
	return append(binary.BigEndian.AppendUint32(out, a.counter), rest...)
}

func (a *authenticator) client(t testing.TB, kind, challenge string) []byte {
	t.Helper()
	return got(json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false}))(t)
}

// create answers the options of a registration.
func (a *authenticator) create(t testing.TB, text []byte) []byte {
	t.Helper()
	o := options(t, text)
	a.handle = got(base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID))(t)
	public := got(a.key.PublicKey.Bytes())(t) // 4, x, y
	cose := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32}
	cose = append(append(cose, public[1:33]...), 0x22, 0x58, 32)
	cose = append(cose, public[33:]...)
	rest := binary.BigEndian.AppendUint16(make([]byte, 16), uint16(len(a.id)))
	data := a.data(o.PublicKey.RP.ID, a.flags|attested, append(append(rest, a.id...), cose...))
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58")
	object = append(append(object, byte(len(data))), data...)
	return a.answer(t, map[string]any{
		"clientDataJSON": encode(a.client(t, "webauthn.create", o.PublicKey.Challenge)), "attestationObject": encode(object),
	})
}

// get answers the options of a sign-in.
func (a *authenticator) get(t testing.TB, text []byte) []byte {
	t.Helper()
	o := options(t, text)
	data, client := a.data(o.PublicKey.RPID, a.flags, nil), a.client(t, "webauthn.get", o.PublicKey.Challenge)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	return a.answer(t, map[string]any{
		"clientDataJSON": encode(client), "authenticatorData": encode(data), "userHandle": encode(a.handle),
		"signature": encode(got(ecdsa.SignASN1(rand.Reader, a.key, sum[:]))(t)),
	})
}

func (a *authenticator) answer(t testing.TB, response map[string]any) []byte {
	t.Helper()
	return got(json.Marshal(map[string]any{
		"id": encode(a.id), "rawId": encode(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	}))(t)
}

func hostOf(t testing.TB, origin string) string {
	t.Helper()
	return got(url.Parse(origin))(t).Hostname()
}
