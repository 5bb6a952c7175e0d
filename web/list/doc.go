// Package list reads the query of a request for a list and cuts the answer into
// pages. A cursor is opaque, names the last item seen, and is refused if it was
// tampered with.
package list
