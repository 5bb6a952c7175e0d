package httperr

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"latchkey/authmethods"
)

// Codes of what only HTTP knows.
const (
	CodeTooLarge         authmethods.Code = "request_too_large"
	CodeMethodNotAllowed authmethods.Code = "method_not_allowed"
	CodeUnknownHost      authmethods.Code = "unknown_host"
	CodeBrowserRefused   authmethods.Code = "browser_request_refused"
	CodeCrossOrigin      authmethods.Code = "cross_origin_refused"
)

// statuses says what a kind is in HTTP.
var statuses = [...]int{
	authmethods.Internal:        http.StatusInternalServerError,
	authmethods.NotFound:        http.StatusNotFound,
	authmethods.Invalid:         http.StatusBadRequest,
	authmethods.Conflict:        http.StatusConflict,
	authmethods.Forbidden:       http.StatusForbidden,
	authmethods.Unauthenticated: http.StatusUnauthorized,
	authmethods.Exhausted:       http.StatusTooManyRequests,
	authmethods.HumanNeeded:     http.StatusConflict,
	authmethods.Unavailable:     http.StatusServiceUnavailable,
	authmethods.Stale:           http.StatusPreconditionFailed,
}

// exact are the codes whose status is more exact than that of their kind.
var exact = map[authmethods.Code]int{
	CodeTooLarge:         http.StatusRequestEntityTooLarge,
	CodeMethodNotAllowed: http.StatusMethodNotAllowed,
	CodeUnknownHost:      http.StatusMisdirectedRequest,
}

// Status is the HTTP status of a problem.
func Status(p *authmethods.Problem) int {
	if status, ok := exact[p.Code]; ok {
		return status
	}
	if p.Kind < 0 || int(p.Kind) >= len(statuses) {
		return http.StatusInternalServerError
	}
	return statuses[p.Kind]
}

// usual are the codes of errors that have a kind and are no problem.
var usual = map[authmethods.Kind]authmethods.Code{
	authmethods.NotFound:        authmethods.CodeNotFound,
	authmethods.Invalid:         authmethods.CodeInvalidRequest,
	authmethods.Conflict:        authmethods.CodeConflict,
	authmethods.Forbidden:       authmethods.CodeForbidden,
	authmethods.Unauthenticated: authmethods.CodeInvalidAPIKey,
	authmethods.Exhausted:       authmethods.CodeTooManyRequests,
	authmethods.Unavailable:     authmethods.CodeStorageUnavailable,
	authmethods.Stale:           authmethods.CodeStale,
}

// Of returns the problem that err is to the caller. What is not explained is an
// internal one, of which nothing is shown.
func Of(err error) *authmethods.Problem {
	var p *authmethods.Problem
	if errors.As(err, &p) && p.Kind != authmethods.Internal {
		if p.Kind == authmethods.NotFound && p.Code == authmethods.CodeNotFound {
			return authmethods.Missing() // one answer, whatever was not found
		}
		return p
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return TooLarge()
	}
	var h *echo.HTTPError
	if errors.As(err, &h) {
		return ofStatus(h)
	}
	kind := authmethods.KindOf(err)
	if code, ok := usual[kind]; ok && p == nil {
		if kind == authmethods.NotFound {
			return authmethods.Missing()
		}
		return &authmethods.Problem{Kind: kind, Code: code, Err: err}
	}
	return &authmethods.Problem{Kind: authmethods.Internal, Code: authmethods.CodeInternal, Err: err}
}

// ofStatus is for the errors of the router.
func ofStatus(h *echo.HTTPError) *authmethods.Problem {
	switch {
	case h.Code == http.StatusNotFound:
		return authmethods.Missing()
	case h.Code == http.StatusMethodNotAllowed:
		return MethodNotAllowed()
	case h.Code >= 400 && h.Code < 500:
		return &authmethods.Problem{Kind: authmethods.Invalid, Code: authmethods.CodeInvalidRequest, Detail: "The request is not valid.", Err: h}
	}
	return &authmethods.Problem{Kind: authmethods.Internal, Code: authmethods.CodeInternal, Err: h}
}

// TooLarge is the problem of a body beyond its limit.
func TooLarge() *authmethods.Problem {
	return &authmethods.Problem{Kind: authmethods.Invalid, Code: CodeTooLarge, Detail: "The body is larger than is accepted here."}
}

// MethodNotAllowed is the problem of a method that a path does not have.
func MethodNotAllowed() *authmethods.Problem {
	return &authmethods.Problem{Kind: authmethods.Invalid, Code: CodeMethodNotAllowed, Detail: "This address does not answer this method."}
}

// UnknownHost is the problem of a host that leads to no tenant.
func UnknownHost() *authmethods.Problem {
	return &authmethods.Problem{Kind: authmethods.NotFound, Code: CodeUnknownHost, Detail: "Nothing is served under this host name."}
}

// BrowserRefused is the problem of a browser where only programs may call.
func BrowserRefused() *authmethods.Problem {
	return &authmethods.Problem{
		Kind: authmethods.Forbidden, Code: CodeBrowserRefused,
		Detail: "This listener is for programs. Requests with browser headers (Origin, Sec-Fetch-Site, Cookie) are refused.",
	}
}

// CrossOrigin is the problem of a form that another site sent.
func CrossOrigin(err error) *authmethods.Problem {
	return &authmethods.Problem{
		Kind: authmethods.Forbidden, Code: CodeCrossOrigin, Detail: "This request was sent by another site. Nothing was done.", Err: err,
	}
}
