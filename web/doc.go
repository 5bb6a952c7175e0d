// Package web answers HTTP on two listeners: the public one with pages and the
// administration API, where the host decides the tenant, and the internal one that
// lends tokens to programs. It reaches tenants' data only with a caller that it
// has authenticated.
package web
