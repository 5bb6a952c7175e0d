package vault

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/token"
)

type dataKeyRow struct {
	db.Owned
	Version uint32
	KEK     string
	Wrapped []byte
	Active  bool
}

func (dataKeyRow) TableName() string { return "data_keys" }

func newDataKeyRow(k seal.WrappedKey) *dataKeyRow {
	row := &dataKeyRow{Version: k.Version, KEK: k.KEK, Wrapped: k.Wrapped, Active: true}
	row.ID = authmethods.ID(token.NewID("dk"))
	return row
}

func (r *dataKeyRow) key() seal.WrappedKey {
	return seal.WrappedKey{Version: r.Version, KEK: r.KEK, Wrapped: r.Wrapped}
}

// keyCheckRow is the check value of one key-encryption key.
type keyCheckRow struct {
	db.Shared  `gorm:"-"`
	ID         string `gorm:"primaryKey"`
	CheckValue string
	CreatedAt  db.Time `gorm:"autoCreateTime:false"`
}

func (keyCheckRow) TableName() string { return "key_checks" }
