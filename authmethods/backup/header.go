package backup

import (
	"time"

	"latchkey/migrations"
)

// Header says what a backup is of. Nothing in it is secret.
type Header struct {
	Program string             `json:"program"` // the version of the program that wrote it
	Schema  int                `json:"schema"`
	Dialect migrations.Dialect `json:"dialect"`
	TakenAt time.Time          `json:"taken_at"` // by the database's clock
	// Keys are the check values of the keyring that the data is sealed with.
	Keys map[string]string `json:"keys"`
}

// Summary says what a backup holds.
type Summary struct {
	Header
	Rows        int64 `json:"rows"`
	Tenants     int64 `json:"tenants"` // the platform is not counted
	Connections int64 `json:"connections"`
	Bytes       int64 `json:"bytes"`
}

func (s *Summary) count(table string) {
	s.Rows++
	switch table {
	case "tenants":
		s.Tenants++
	case "connections":
		s.Connections++
	}
}

// trailer ends a backup. Its digest is of all that is before it.
type trailer struct {
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// A backup begins with this line, which file(1) and people can read.
const magic = "LATCHKEY BACKUP 1\n"

// The kinds of frames.
const (
	frameHeader  = 'H' // JSON of a [Header]
	frameTable   = 'T' // JSON of a [db.Table]; the rows that follow are its
	frameRow     = 'R'
	frameTrailer = 'E' // JSON of a trailer; nothing follows
)

// maxFrame is far above any row.
const maxFrame = 64 << 20

// left names the tables of which no row is backed up: they are about processes, or
// let somebody in who may have been shut out since.
var left = map[string]bool{
	"changes": true, "duties": true, "replicas": true,
	"sessions": true, "tickets": true, "invitations": true, "first_links": true,
}

// underWay names columns that are empty while what the row is about is under way,
// and ends with the person who was at it.
var underWay = map[string]string{"consents": "finished_at"}

// kept returns which rows of a table are backed up; nil for none.
func kept(table string, columns []string) func(row []any) bool {
	if left[table] {
		return nil
	}
	for i, c := range columns {
		if c == underWay[table] {
			return func(row []any) bool { return row[i] != nil }
		}
	}
	return func([]any) bool { return true }
}
