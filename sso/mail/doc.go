// Package mail sends the few mails there are about signing in: links by which a
// password is set, and notices that something about an account changed.
package mail
