package session

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/secret"
)

// Person is the user of a session as pages and the platform show them.
type Person struct {
	ID          authmethods.ID
	UserName    string
	Email       string // empty: none is known
	DisplayName string
	Language    string // empty: the browser's
	Theme       string // empty: the system's
}

// Present is somebody who is signed in.
type Present struct {
	Session   Session
	Tenant    authmethods.TenantID
	User      Person
	Roles     []string // references, sorted
	Connector string   // reference of the door; empty: a password or passkey
	// secret is what the browser proved itself with; zero where no browser did.
	secret secret.Text
	now    time.Time // of the database
	idle   time.Duration
	used   bool // somebody did something just now, which prolongs the session
}

// present reads those who are signed in, a row for each of their roles. Each
// condition is a reason why somebody is not: the session was ended, is over, was
// idle for too long; the user was disabled or changed; the connector is disabled,
// gone or no longer for this user. A connector that is gone admits nobody: it is
// neither for everybody nor associated with anybody.
const present = `SELECT {now}, s.id, s.user_id, s.connector_id, s.identity_id, s.means, s.issuer, s.provider_sid, s.address, s.user_agent,
		s.created_at, s.seen_at, s.expires_at, u.user_name, u.email, u.display_name, u.language, u.theme,
		COALESCE(c.reference, ''), COALESCE(r.role, ''), s.idle_micros
	FROM sessions s JOIN users u ON u.tenant_id = {tenant} AND u.id = s.user_id
		LEFT JOIN sso_connectors c ON c.tenant_id = {tenant} AND c.id = s.connector_id
		LEFT JOIN user_roles r ON r.tenant_id = {tenant} AND r.user_id = s.user_id
	WHERE s.tenant_id = {tenant}
		AND s.ended_at IS NULL
		AND s.expires_at > {now}
		AND s.seen_at + s.idle_micros > {now}
		AND u.disabled_at IS NULL
		AND u.version = s.user_version
		AND c.disabled_at IS NULL
		AND (s.connector_id = '' OR c.admission = 'mapped' OR EXISTS (SELECT 1 FROM user_connectors a
			WHERE a.tenant_id = {tenant} AND a.connector_id = s.connector_id AND a.user_id = s.user_id))`

var (
	presentByHash = db.Prepare(present + ` AND s.hash = ? ORDER BY r.role`)
	presentByID   = db.Prepare(present + ` AND s.id = ? ORDER BY r.role`)
	presentOfUser = db.Prepare(present + ` AND s.user_id = ? ORDER BY s.id, r.role`)
	touch         = db.Prepare(`UPDATE sessions SET seen_at = {now}, updated_at = {now}
		WHERE sessions.tenant_id = {tenant} AND id = ? AND seen_at < {now} - ? AND ended_at IS NULL`)
)

const (
	// seenEvery is how exact the time is at which somebody was last seen.
	seenEvery = time.Minute
	// touchPatience is how long writing it down may keep a request.
	touchPatience = time.Second
)

// Find returns who is signed in by the value of a [SessionCookie]. It reads the
// database each time, so that what ended a session anywhere has ended it here.
// Whatever is not a session in force gives the same Problem with the code
// not_signed_in; a database that does not answer gives another.
func (s *Sessions) Find(ctx context.Context, tenant authmethods.TenantID, cookie string) (Present, error) {
	p, err := s.Look(ctx, tenant, cookie)
	if err != nil {
		return Present{}, err
	}
	in, err := s.o.System.For(tenant, "noting that a session is used")
	if err != nil {
		return Present{}, err
	}
	p.used = true
	s.seen(ctx, in, &p)
	return p, nil
}

// one returns the only person whom the statement finds.
func (s *Sessions) one(ctx context.Context, in db.Tenant, st *db.Statement, arg any) (Present, error) {
	found, err := readPresent(ctx, in, st, arg)
	if err != nil {
		return Present{}, err
	}
	if len(found) != 1 {
		return Present{}, notSignedIn()
	}
	if err := s.tenantInForce(ctx, in.ID()); err != nil {
		return Present{}, err
	}
	return *found[0], nil
}

// readPresent returns those whom the statement finds, in its order.
func readPresent(ctx context.Context, in db.Tenant, st *db.Statement, arg any) ([]*Present, error) {
	var all []*Present
	err := db.Query(ctx, in, st, []any{arg}, func(scan func(...any) error) error {
		p := &Present{Tenant: in.ID()}
		role, err := p.scan(scan)
		if err != nil {
			return err
		}
		if n := len(all); n == 0 || all[n-1].Session.ID != p.Session.ID {
			all = append(all, p)
		}
		if role != "" {
			last := all[len(all)-1]
			last.Roles = append(last.Roles, role)
		}
		return nil
	})
	return all, err
}

// scan fills p from a row and returns the role in it.
func (p *Present) scan(scan func(...any) error) (role string, err error) {
	var now, created, seen, expires db.Time
	var how means
	var idle int64
	n, u := &p.Session, &p.User
	err = scan(&now, &n.ID, &n.User, &n.Connector, &n.Identity, &how, &n.Issuer, &n.ProviderSID, &n.Address, &n.UserAgent,
		&created, &seen, &expires, &u.UserName, &u.Email, &u.DisplayName, &u.Language, &u.Theme, &p.Connector, &role, &idle)
	p.idle = time.Duration(idle) * time.Microsecond
	n.Means, n.SecondFactor = how.parts()
	n.CreatedAt, n.SeenAt, n.ExpiresAt = created.Time(), seen.Time(), expires.Time()
	u.ID, p.now = n.User, now.Time()
	return role, err
}

// tenantInForce refuses a tenant that was disabled or deleted.
func (s *Sessions) tenantInForce(ctx context.Context, tenant authmethods.TenantID) error {
	rows, err := db.ListShared[tenantRow](ctx, s.o.System, "id", db.Eq("id", tenant), db.IsNull("disabled_at"), db.IsNull("deleted_at"))
	if err == nil && len(rows) != 1 {
		return notSignedIn()
	}
	return err
}

// seen writes down that the session was used. Whether that works is no matter to
// who uses it.
func (s *Sessions) seen(ctx context.Context, in db.Tenant, p *Present) {
	if p.now.Sub(p.Session.SeenAt) < seenEvery {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, touchPatience)
	defer cancel()
	if _, err := db.Exec(ctx, in, touch, p.Session.ID, seenEvery.Microseconds()); err != nil {
		s.o.Log.WarnContext(ctx, "writing down that a session was used", "session", p.Session.ID, "error", err)
	}
}

// List returns the sessions of a user that are in force, the oldest first. It needs
// the right to view users unless they are the caller's own.
func (s *Sessions) List(ctx context.Context, c authmethods.Caller, user authmethods.ID) ([]Session, error) {
	if !own(c, user) {
		if err := c.May(authmethods.ViewUsers); err != nil {
			return nil, err
		}
	}
	in, err := s.o.DB.For(c)
	if err != nil {
		return nil, err
	}
	found, err := readPresent(ctx, in, presentOfUser, user)
	list := make([]Session, len(found))
	for i, p := range found {
		list[i] = p.Session
	}
	return list, err
}

// own reports whether the caller is that user.
func own(c authmethods.Caller, user authmethods.ID) bool {
	a := c.Actor()
	return c.Tenant() != "" && a.Kind == authmethods.ActorPerson && a.ID == user && user != ""
}
