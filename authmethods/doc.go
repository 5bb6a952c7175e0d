// Package authmethods is Latchkey's vocabulary: tenants, callers and their
// rights, authentication methods, environments, permits, and the problems that
// people are told about. It performs no I/O and reads no clock.
package authmethods
