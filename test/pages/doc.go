// Package pages is a whole site for tests of pages: a server on a loopback address
// with the Zoho simulator behind it, a tenant, and people whose browsers send forms as
// real ones do. Its own test walks through every page in Chromium.
package pages
