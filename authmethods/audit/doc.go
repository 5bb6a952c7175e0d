// Package audit writes and verifies the audit log: one chain of hashes per tenant,
// in which no entry can be changed, removed or moved without breaking the chain
// after it.
package audit
