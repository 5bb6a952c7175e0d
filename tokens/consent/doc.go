// Package consent obtains grants and gives them back: it begins a consent,
// receives the provider's callback, verifies what was approved, and revokes.
//
// A consent lives for ten minutes. It is opened by a ticket in an address, bound
// to one browser by a cookie when that browser goes on to the provider, and
// consumed by the first callback with its state, before anything is sent. Nothing
// that it replaces is touched before the new grant is verified and stored.
package consent
