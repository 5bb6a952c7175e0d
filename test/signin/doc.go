// Package signin tests signing in as people meet it: server processes behind nginx
// with an application beside them, providers that are processes or pages of their
// own, and a real browser. It has nothing but tests.
package signin
