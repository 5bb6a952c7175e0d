// Package limit bounds what one address may ask for: how often, with how many wrong
// guesses, and over how many connections. All of it is in the memory of one process,
// and bounded however many addresses there are.
package limit
