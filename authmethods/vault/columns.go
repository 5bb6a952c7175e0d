package vault

import (
	"fmt"

	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
)

// column is a column that holds sealed values.
type column struct {
	table, name string
	// purpose is the [seal.Place] purpose of its values. It goes on with what the
	// column purposeIn of the same row says, unless that is empty.
	purpose, purposeIn string
}

// columns are all columns that hold sealed values. What is not here cannot be sealed,
// since it would be forgotten when keys are rotated; a test holds the list against the
// schema.
var columns = []column{
	{table: "methods", name: "client_secret", purpose: "client_secret"},
	{table: "methods", name: "next_client_secret", purpose: "next_client_secret"},
	{table: "method_environments", name: "client_secret", purpose: "client_secret"},
	{table: "method_environments", name: "next_client_secret", purpose: "next_client_secret"},
	{table: "grants", name: "refresh_token", purpose: "refresh_token"},
	{table: "grants", name: "access_token", purpose: "access_token"},
	{table: "captures", name: "answer", purpose: "answer"},
	{table: "consents", name: "code_verifier", purpose: "code_verifier"},
	{table: "consents", name: "answer", purpose: "answer"},
	{table: "consents", name: "outcome", purpose: "outcome"},
	{table: "identities", name: "claims", purpose: "claims"},
	{table: "sign_ins", name: "claims", purpose: "claims"},
	{table: "web_keys", name: "secret", purpose: "web key: ", purposeIn: "purpose"},
	{table: "passwords", name: "hash", purpose: "password hash"},
	{table: "totps", name: "secret", purpose: "one-time code secret"},
	{table: "passkeys", name: "credential", purpose: "passkey"},
}

// elsewhere are places of which the values are not in the database but with those whom
// they were given to. They are never sealed anew: old data keys are kept for them.
var elsewhere = []column{
	{table: "users", name: "device", purpose: "remembered device"}, // in browsers
}

// byName finds what is declared.
var byName = func() map[[2]string]column {
	all := map[[2]string]column{}
	for _, list := range [][]column{columns, elsewhere} {
		for _, c := range list {
			all[[2]string{c.table, c.name}] = c
		}
	}
	return all
}()

// declared refuses places that are not in the list.
func declared(at seal.Place) error {
	c, ok := byName[[2]string{at.Table, at.Column}]
	if !ok || len(at.Purpose) < len(c.purpose) || at.Purpose[:len(c.purpose)] != c.purpose ||
		c.purposeIn == "" && at.Purpose != c.purpose {
		return fmt.Errorf("%s.%s for %q is not in the list of sealed columns of authmethods/vault", at.Table, at.Column, at.Purpose)
	}
	return nil
}

// at is the place of a value in a row, more being what the column purposeIn says.
func (c *column) at(row, more string) seal.Place {
	return seal.Place{Purpose: c.purpose + more, Table: c.table, Row: row, Column: c.name}
}

// statements are what is done with a column.
type statements struct {
	column
	// list reads the next values after a row that are not of a version, all reads all
	// that come after a row; count counts by version.
	list, all, count *db.Statement
	// swap replaces a value if it is still the same.
	swap *db.Statement
}

var sealedColumns = func() (all []statements) {
	for _, c := range columns {
		more := "''"
		if c.purposeIn != "" {
			more = "t." + c.purposeIn
		}
		from := fmt.Sprintf(" FROM %s t WHERE t.tenant_id = {tenant} AND t.%s IS NOT NULL", c.table, c.name)
		head := fmt.Sprintf("SELECT t.id, t.%s, %s", c.name, more) + from + " AND t.id > ?"
		const tail = " ORDER BY t.id LIMIT ?"
		all = append(all, statements{
			column: c,
			list:   db.Prepare(head + fmt.Sprintf(" AND substr(t.%s, 2, 4) <> ?", c.name) + tail),
			all:    db.Prepare(head + tail),
			count:  db.Prepare(fmt.Sprintf("SELECT substr(t.%s, 2, 4), count(*)", c.name) + from + fmt.Sprintf(" GROUP BY substr(t.%s, 2, 4)", c.name)),
			swap: db.Prepare(fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s.tenant_id = {tenant} AND id = ? AND %s = ?",
				c.table, c.name, c.table, c.name)),
		})
	}
	return all
}()
