package directory

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
	"latchkey/sso"
)

const (
	maxName    = 100
	maxEmail   = 320
	maxIssuer  = 512
	maxSubject = 255 // OpenID Connect Core 1.0 section 2
)

// wrongText judges what people see: no controls, line separators or marks of writing
// direction, which could make it look like something else in a page or a log.
func wrongText(s string, most int) string {
	switch {
	case utf8.RuneCountInString(s) > most:
		return "This has at most " + strconv.Itoa(most) + " characters."
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "This must not hold control or invisible characters."
	}
	return ""
}

func wrongName(name string) string {
	if name == "" {
		return "A name is needed."
	}
	return wrongText(name, maxName)
}

// tidy brings a user into the form in which users are stored and says what is wrong
// with it.
func (r *userRow) tidy() authmethods.Faults {
	var f authmethods.Faults
	var err error
	r.UserName, r.Email = strings.TrimSpace(r.UserName), strings.TrimSpace(r.Email)
	r.DisplayName = strings.TrimSpace(r.DisplayName)
	if r.UserKey, err = sso.Canonical(r.UserName); err != nil {
		f.Add("/user_name", err.Error())
	}
	if token.ValidID("usr", r.UserName) {
		f.Add("/user_name", "A user name must not look like an id.")
	}
	r.EmailKey = ""
	if r.Email != "" {
		if r.EmailKey, err = sso.CanonicalEmail(r.Email); err != nil {
			f.Add("/email", err.Error())
		}
	}
	f.Add("/display_name", wrongText(r.DisplayName, maxName))
	if id := r.externalID(); id != "" {
		if id, err = sso.CanonicalExternalID(id); err != nil {
			f.Add("/external_id", err.Error())
		}
		r.setExternalID(id)
	}
	if r.Language != "" && r.Language != "en" && r.Language != "fr" {
		f.Add("/language", "This is en or fr, or empty for the browser's.")
	}
	if r.Theme != "" && r.Theme != "light" && r.Theme != "dark" {
		f.Add("/theme", "This is light or dark, or empty for the system's.")
	}
	return f
}

// userTaken explains why a user cannot be stored: somebody has the name or the
// external id.
func userTaken(row *userRow, err error) error {
	if !errors.Is(err, db.ErrDuplicate) {
		return doing("storing a user", err)
	}
	detail := "There is a user named " + strconv.Quote(row.UserName) + " already"
	if row.ExternalID != nil {
		detail += ", or one with the external id " + strconv.Quote(*row.ExternalID)
	}
	return conflict(detail+".", err)
}

// The kinds of names and references that are never given twice.
const (
	takenUser      = "user"
	takenRole      = "role"
	takenConnector = "connector"
)

// take gives a reference for good. One that was ever given is refused.
func take(ctx context.Context, in db.Tenant, kind, reference string) error {
	row := &takenRow{Kind: kind, Reference: reference}
	row.ID = authmethods.ID(token.NewID("ref"))
	err := db.Insert(ctx, in, row)
	if errors.Is(err, db.ErrDuplicate) {
		return conflict("The reference "+reference+" is or was in use here. References are never given twice.", err)
	}
	return doing("taking a reference", err)
}

// retire keeps everybody else from a name that a user had. The id of the row says
// whose it was, who alone may have it again.
func retire(ctx context.Context, in db.Tenant, user authmethods.ID, key string) error {
	row := &takenRow{Kind: takenUser, Reference: key}
	row.ID = retiredID(user, key)
	return doing("retiring a user name", db.Insert(ctx, in, row))
}

func retiredID(user authmethods.ID, key string) authmethods.ID {
	return user + "/" + authmethods.ID(key)
}

// errRetired marks the conflict of a name that belonged to somebody.
var errRetired = errors.New("directory: this user name was somebody else's")

// claim refuses a name that was somebody else's: who finds people by it would take
// one for the other. It comes after the name was stored, when no deletion of a user
// with the name can be under way.
func claim(ctx context.Context, in db.Tenant, user authmethods.ID, key string) error {
	if _, err := db.DeleteIf[takenRow](ctx, in, db.Eq("id", retiredID(user, key))); err != nil {
		return doing("taking a user name", err)
	}
	n, err := db.Count[takenRow](ctx, in, db.Eq("kind", takenUser), db.Eq("reference", key))
	if err == nil && n > 0 {
		return conflict("This user name was somebody else's. User names are never given to another person.", errRetired)
	}
	return doing("taking a user name", err)
}
