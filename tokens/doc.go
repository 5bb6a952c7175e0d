// Package tokens keeps the access tokens of grants fresh and lends them.
//
// It knows no database, no HTTP and no wall clock: time comes with the data, from
// the storage's clock. Its parts, in the order of reading: [Decide] is the whole
// refresh policy as a function of its arguments; [Engine] carries decisions out
// against a [Slot] (a grant's place in storage) and an [Upstream] (the provider);
// [Lender] answers services, from memory where it can.
//
// The life of a grant:
//
//	          claim                 answer applied
//	active ──────────▶ refreshing ─────────────────▶ active
//	                      │   │
//	 answer lost, or the  │   │ the provider says that the grant is gone
//	 process died         ▼   ▼
//	refreshing ◀── uncertain  reconnect_required ──▶ (a new consent) active
//	       retried once
//
// Nothing is ever deleted because a refresh failed, and a token that is still
// good is lent whatever becomes of the refresh.
package tokens
