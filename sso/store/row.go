package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/sso"
)

type signInRow struct {
	db.Owned
	ConnectorID   authmethods.ID
	ReferenceCode string
	StateHash     []byte
	Outcome       sso.Outcome
	Code          authmethods.Code
	UserID        authmethods.ID
	UserName      string
	Issuer        string
	Subject       string
	DataCentre    string
	Claims        []byte
	Trace         db.JSON[[]string]
	Address       string
	UserAgent     string
	FinishedAt    db.Time
}

func (signInRow) TableName() string { return "sign_ins" }

type startsRow struct {
	db.Owned
	ConnectorID authmethods.ID
	Day         int64
	Started     int64
}

func (startsRow) TableName() string { return "sign_in_starts" }

// signIn is the row without what is sealed in it.
func (r *signInRow) signIn() sso.SignIn {
	return sso.SignIn{
		ID: r.ID, ReferenceCode: r.ReferenceCode, Connector: r.ConnectorID, Outcome: r.Outcome, Code: r.Code,
		User: r.UserID, UserName: r.UserName, Subject: sso.Subject{Issuer: r.Issuer, ID: r.Subject}, DataCentre: r.DataCentre,
		Trace: r.Trace.V, Address: r.Address, UserAgent: r.UserAgent,
		CreatedAt: r.CreatedAt.Time(), FinishedAt: r.FinishedAt.Time(),
	}
}

func placeOfClaims(id authmethods.ID) seal.Place {
	return seal.Place{Purpose: "claims", Table: "sign_ins", Row: string(id), Column: "claims"}
}

func (s *Store) sealClaims(ctx context.Context, in db.Tenant, id authmethods.ID, c sso.Claims) ([]byte, error) {
	if len(c) == 0 {
		return nil, nil
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("sso/store: encoding claims: %w", err)
	}
	return s.o.Vault.Seal(ctx, in, secret.New(string(plain)), placeOfClaims(id))
}

func (s *Store) openClaims(ctx context.Context, in db.Tenant, id authmethods.ID, sealed []byte) (sso.Claims, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	plain, err := s.o.Vault.OpenBytes(ctx, in, sealed, placeOfClaims(id))
	if err != nil {
		return nil, err
	}
	var c sso.Claims
	d := json.NewDecoder(bytes.NewReader(plain))
	d.UseNumber()
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("sso/store: decoding claims: %w", err)
	}
	return c, nil
}
