// Command provider is an OpenID provider for integration tests: the protocol is
// spoken by the certified zitadel/oidc library, and only the storage, the login
// step and the control endpoints are written here.
//
// It serves one client and one user, requires PKCE with S256, rotates refresh
// tokens at every use, and ends a grant when a spent refresh token comes back.
// Below the control address its keys rotate on demand (rotate-keys, with drop=1
// at once for good) and it says that the user is gone (logout-token).
// Everything lives in memory and is gone when the process ends.
package main
