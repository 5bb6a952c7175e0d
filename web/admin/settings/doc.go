// Package settings is what administrators see and change of their workspace as a
// whole: its addresses, and what it decided about the people who sign in.
package settings
