// Package seal encrypts the secrets of tenants so that a sealed value opens only
// in the tenant, table, row and column it was sealed for.
//
// It is envelope encryption in two layers. A [Keyring] holds key-encryption keys,
// which live in a file outside the database, or with a service that is a
// [Wrapper]. They wrap data keys, which live in
// the database as [WrappedKey]s, one or more a tenant. A [Sealer] is the unwrapped
// data keys of one tenant, ready for use. Deleting a tenant's wrapped keys makes
// all its sealed values unreadable.
//
// Both layers are AES-256-GCM with random nonces, which is sound for 2^32 values
// a data key: give a tenant a new data key long before that.
package seal
