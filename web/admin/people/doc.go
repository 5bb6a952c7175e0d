// Package people has the pages on which administrators see to who signs in and how:
// SSO connectors, users, roles, and the log of sign-ins.
package people
