// Package system is what the operators of the installation see and do: how it is, which
// tenants there are, and what it is made of. Whoever operates is a user of one tenant
// like everybody else; what these pages are about is the installation as a whole.
package system
