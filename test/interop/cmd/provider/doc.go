// Command provider is an OpenID provider for integration tests: the protocol is
// spoken by the certified zitadel/oidc library, and only the storage, the login
// step and the control endpoints are written here.
//
// It serves one client and one user, requires PKCE with S256, rotates refresh
// tokens at every use, and ends a grant when a spent refresh token comes back.
// Everything lives in memory and is gone when the process ends.
package main
