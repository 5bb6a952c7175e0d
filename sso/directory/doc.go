// Package directory keeps the people of a tenant: users, roles, connectors, pinned
// identities and settings. It decides who may change what of them, and it is where a
// judged sign-in becomes a user. It knows no passwords, no sessions and no HTTP.
package directory
