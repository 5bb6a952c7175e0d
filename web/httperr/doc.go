// Package httperr is the only place that knows both the kinds of problems and the
// statuses of HTTP. It renders a problem as RFC 9457 describes, or as a page, and
// shows nothing of an error that is no problem.
package httperr
