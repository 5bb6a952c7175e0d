// Package store keeps what became of sign-ins. It takes values and never functions,
// so that no call to a provider can happen inside a transaction.
package store
