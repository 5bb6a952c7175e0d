// Package token makes every random value of the program: ids, API keys, states,
// tickets. It knows the form of each and how the secret ones are stored, which is
// as a hash only.
package token
