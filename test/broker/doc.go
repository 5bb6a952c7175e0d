// Package broker builds Latchkey without its web layer around a database and the
// Zoho simulator, for tests of what happens between them.
package broker
