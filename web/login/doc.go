// Package login answers for people who sign in, are signed in, or leave: by their
// account at a provider, by a password or a passkey; and it tells the platform who
// is there.
package login
