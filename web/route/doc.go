// Package route describes what the server answers as data: which method and path
// on which listener, and what the caller needs. Only what is in a [Table] is served,
// and nothing is in it without a right or a named exception.
package route
