// Package lend answers programs that borrow access tokens, in our own words and as
// an RFC 8693 token exchange. A lent token is revealed only where its answer is
// written.
package lend
