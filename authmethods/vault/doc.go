// Package vault keeps the data keys of tenants: it makes them, unwraps them with
// the keyring when a tenant's secrets are needed, and holds the unwrapped ones in
// memory for at most ten minutes.
package vault
