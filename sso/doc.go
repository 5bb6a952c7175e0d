// Package sso holds the vocabulary of people and how they sign in, with its rules:
// users and roles, connectors, the mapping of what a provider says to a user here,
// and the judgement of one sign-in. No I/O, no clock.
package sso
