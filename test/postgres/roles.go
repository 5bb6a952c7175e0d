package postgres

import (
	"context"
	"fmt"
	"net/url"
)

// The roles that tests run as. Neither is let past row-level security.
const (
	owner  = "latchkey_test_owner"  // of each database; it migrates
	server = "latchkey_test_server" // what serves
)

// letServe is what an owner runs in its database for the role that serves, before
// there are tables.
const letServe = "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO " + server +
	"; ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO " + server

// makeRoles makes the roles, unless they are there; other processes may do the same
// at the same time. They have the password of the superuser, if that has one.
func (s *Server) makeRoles(ctx context.Context) error {
	secret := "NULL"
	if password, ok := s.base.User.Password(); ok {
		secret = "'" + quoted(password) + "'"
	}
	for _, role := range []string{owner, server} {
		err := s.exec(ctx, "SELECT pg_advisory_lock(7305809155432113)"+
			"; DO $$ BEGIN CREATE ROLE "+role+"; EXCEPTION WHEN duplicate_object THEN NULL; END $$"+
			"; ALTER ROLE "+role+" LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD "+secret)
		if err != nil {
			return fmt.Errorf("making the role %s: %w", role, err)
		}
	}
	return nil
}

func quoted(s string) (q string) {
	for _, r := range s {
		if r == '\'' {
			q += "'"
		}
		q += string(r)
	}
	return q
}

// as returns how to sign in as a role.
func (s *Server) as(role string) *url.Userinfo {
	if password, ok := s.base.User.Password(); ok {
		return url.UserPassword(role, password)
	}
	return url.User(role)
}

// Served returns the address of a database of [URL] as the role that serves, which
// owns nothing.
func Served(address string) string {
	return readdress(address, func(s *Server) *url.Userinfo { return s.as(server) })
}

// Past returns the address of a database of [URL] as a superuser, whom no wall
// holds.
func Past(address string) string {
	return readdress(address, func(s *Server) *url.Userinfo { return s.base.User })
}

// readdress returns the address of a database on the server of this process for
// another role; other addresses as they are.
func readdress(address string, role func(*Server) *url.Userinfo) string {
	shared.Lock()
	defer shared.Unlock()
	u, err := url.Parse(address)
	if err != nil || shared.server == nil || u.Host != shared.server.base.Host {
		return address
	}
	u.User = role(shared.server)
	return u.String()
}
