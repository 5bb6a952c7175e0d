package route

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"latchkey/authmethods"
)

// maxFormInMemory is how much of an uploaded file is kept in memory, in bytes: all
// that a route with a form reads.
const maxFormInMemory = 4 << 20

// ReadForm reads the body of a form; what stands in the address is no part of it.
func (c *Call) ReadForm() error {
	r := c.Request()
	read := r.ParseForm
	if strings.HasPrefix(r.Header.Get(echo.HeaderContentType), echo.MIMEMultipartForm) {
		read = func() error { return r.ParseMultipartForm(maxFormInMemory) }
	}
	err := read()
	var tooLarge *http.MaxBytesError
	if err == nil || errors.As(err, &tooLarge) {
		return err
	}
	return authmethods.InvalidField("", "The form cannot be read.")
}

// FormToken proves that a form for the purpose was shown to who asks. It is empty for
// programs, which send no forms.
func (c *Call) FormToken(purpose string) string {
	if c.Person == nil {
		return ""
	}
	return c.Person.FormToken(purpose)
}

// OwnForm reads a form and refuses one that no page of ours showed to who asks for the
// purpose.
func (c *Call) OwnForm(purpose string) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	if c.Person == nil || !c.Person.CheckFormToken(purpose, c.Request().PostFormValue("csrf")) {
		return ForeignForm()
	}
	return nil
}

// ForeignForm is the problem of a form that no page of ours sent.
func ForeignForm() error {
	return &authmethods.Problem{
		Kind: authmethods.Forbidden, Code: authmethods.CodeForbidden,
		Detail: "The form was not sent by a page of ours, or had been open for too long. Nothing was changed.",
	}
}

// SeeOther leads the browser on to another page, away from whatever stands in the
// address.
func (c *Call) SeeOther(address string) error { return c.Redirect(http.StatusSeeOther, address) }

// OnlyCookie returns the value of the cookie with this name; empty if there is none, or
// more than one, of which somebody else has planted all but ours.
func (c *Call) OnlyCookie(name string) string {
	given := c.Request().CookiesNamed(name)
	if len(given) != 1 {
		return ""
	}
	return given[0].Value
}

// May reports whether who asks has all these rights.
func (c *Call) May(rights ...authmethods.Right) bool {
	for _, r := range rights {
		if c.Caller.May(r) != nil {
			return false
		}
	}
	return true
}
