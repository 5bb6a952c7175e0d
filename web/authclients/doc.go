// Package authclients serves the pages of a consent: the start page that binds a
// browser, the redirect URI that providers send it back to, and the result. It
// holds no state; a ticket or the browser's cookie is what opens each page.
package authclients
