// Package live tells open pages that something changed, so that they fetch anew what
// they show. It says what kind of thing changed and nothing of it: what somebody may
// see is decided when the page is fetched.
package live
