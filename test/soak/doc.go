// Package soak lets hours pass in minutes: tokens expire and are refreshed all the
// time while servers are killed and started again, and at the end nothing may be
// lost, refreshed twice at once, or lent when it was dead.
//
//	go test ./test/soak            # some minutes' worth of time
//	go test ./test/soak -whole     # an hour's
//
// Real servers cannot be sped up. Instead, every few seconds all that the database
// remembers becomes a minute and a half older at once, and the provider's clock
// goes forward by as much.
//
// # What is true of the time that is skipped
//
// Nothing happens in it: no borrower asks, no request is under way, and no lease
// is held but by the dead. So all moments have one place on the provider's clock:
// what the database says at the end is as much behind it as was skipped in all,
// and what a borrower noted as much as was skipped by then. The judges are given
// everything on that clock. Servers that live are told that something changed, and
// nobody is served before they must have heard it, since they remember when tokens
// end. What they remember of their own waits and limits does not age.
package soak
