// Package services is what administrators do with service accounts: make them, say
// what they may borrow, and hand out their keys, each of which is shown once, on the
// page that answers the form. The page for developers is here too.
package services
