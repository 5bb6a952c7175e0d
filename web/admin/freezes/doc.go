// Package freezes is the page on which people stop everything in a scope at once, and
// let it go on again: a method, a service account, the workspace, or the installation.
package freezes
