// Package methods answers with the administrator's pages of authentication methods:
// the list, the form with its guide, the window in which a method is enabled, and
// what can be done to one afterwards.
package methods
