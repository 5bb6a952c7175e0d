// Package upstream speaks to providers: it asks token endpoints, revokes,
// discovers metadata and makes small API calls, all through one guarded client.
//
// Each token request is sent at most once with each of a client's secrets: with the next
// one only where the provider refused the present one. Nothing that came over the wire, no
// query and no body is ever part of an error text.
package upstream
