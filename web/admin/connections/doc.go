// Package connections answers administrators who look after what was approved: the
// connections, how they fare, and who holds their tokens.
package connections
