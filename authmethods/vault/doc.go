// Package vault keeps the data keys of tenants: it makes them, unwraps them with
// the keyring when a tenant's secrets are needed, and holds the unwrapped ones in
// memory for at most ten minutes, longer only while a service that keeps their
// key-encryption key is down.
//
// It also rotates both layers of keys while servers run; see [Rotator]. All columns
// with sealed values are declared here, in columns.go.
package vault
