// Package store holds the use cases of tenants, authentication methods and
// services. Every change is checked against the caller's rights, and is written
// together with its audit event and its announcement or not at all.
package store
