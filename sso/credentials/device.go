package credentials

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// DeviceLife is for how long a device is remembered after somebody signed in on it;
// the life of its cookie.
const DeviceLife = 180 * 24 * time.Hour

// maxDevice bounds what is looked at of a cookie's value.
const maxDevice = 512

// devicePlace is where a device token is from: it opens only for its user.
func devicePlace(user authmethods.ID) seal.Place {
	return seal.Place{Purpose: "remembered device", Table: "users", Row: string(user), Column: "device"}
}

// newDevice makes the value of the cookie by which a device is known to have signed
// the user in. It proves nothing and opens nothing: attempts from the device are
// only counted apart from those of strangers.
func (c *Credentials) newDevice(ctx context.Context, in db.Tenant, user authmethods.ID, now time.Time) (secret.Text, error) {
	plain := binary.BigEndian.AppendUint64(nil, uint64(now.Add(DeviceLife).Unix()))
	plain = append(plain, whole(token.Random(16))...)
	s, err := c.o.Vault.Sealer(ctx, in)
	if err != nil {
		return secret.Text{}, err
	}
	sealed, err := s.SealBytes(plain, devicePlace(user))
	if err != nil {
		return secret.Text{}, doing("remembering a device", err)
	}
	return secret.New(base64.RawURLEncoding.EncodeToString(sealed)), nil
}

// known returns the budget of the device that presented is of, if the user signed in
// on it before.
func (c *Credentials) known(ctx context.Context, in db.Tenant, user authmethods.ID, presented secret.Text, now time.Time) (budget, bool) {
	text := presented.Reveal()
	if text == "" || len(text) > maxDevice {
		return budget{}, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return budget{}, false
	}
	// Only if the key is known: otherwise the keys would be read anew for whatever is presented.
	s, err := c.o.Vault.Sealer(ctx, in)
	if err != nil || !s.Knows(sealed) {
		return budget{}, false
	}
	plain, err := s.OpenBytes(sealed, devicePlace(user))
	if err != nil || len(plain) < 8 || int64(binary.BigEndian.Uint64(plain)) < now.Unix() {
		return budget{}, false
	}
	return budgetOf(perDevice, "device", string(user)+"\x00"+string(plain[8:])), true
}
