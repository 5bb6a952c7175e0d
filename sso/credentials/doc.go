// Package credentials keeps what people prove themselves with here, and nowhere
// else: passwords, one-time codes, passkeys, the links by which a first or new
// password is set, and the throttles that make guessing pointless.
package credentials
