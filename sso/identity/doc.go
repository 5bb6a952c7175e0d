// Package identity proves who somebody is from what a provider sent: an ID token,
// or, where a provider gives none, what its userinfo says to the access token just
// received. It knows HTTP and the rules of OpenID Connect, and stores nothing.
package identity
