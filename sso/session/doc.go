// Package session keeps people signed in: their sessions, the keys that seal their
// cookies, and what tells others who they are, which is one-time tickets and signed
// identities.
//
// Nothing that decides whether somebody is signed in is remembered: [Sessions.Find]
// reads the session, the user, the connector and the tenant from the database each
// time, so that whatever ends a session ends it at once on every replica.
package session
