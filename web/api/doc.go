// Package api answers the administration API of a tenant, JSON in and JSON out. It
// checks the form of requests; what they may do is decided by the use cases that
// it calls with the caller.
package api
