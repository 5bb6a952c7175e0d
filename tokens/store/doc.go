// Package store keeps grants, their leases and captured answers, connections,
// consents and the loan ledger in the database.
//
// It takes values and never functions: nothing here can call a provider, and no
// transaction outlives a handful of statements.
package store
