// Package story goes through the pages as an administrator does on the first day, in a
// real browser, against the real program: from an invitation to a method that works in
// both environments, people who sign in by it, a service that borrows, and an access
// that is lost at the provider and won back.
//
// Whoever acts sees the page and clicks on what is to be seen there, by its words. They
// type no address but the first.
package story
