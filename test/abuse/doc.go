// Package abuse tries what strangers without a password can do to a server: a real
// program, a thousand connections that drip, hold open, guess and begin sign-ins, and
// an administrator and a service who are served all the while.
package abuse
