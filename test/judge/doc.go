// Package judge decides from the outside whether servers kept their promises: from
// what the provider saw, what the borrowers were answered and what the database
// says at the end. It is pure; package fleet gathers the evidence.
package judge
