package page

import (
	"html/template"
	"time"

	"latchkey/authmethods"
)

// The pages of signing in and out.
var (
	Login          = Plain[LoginPage]("login")
	LoginCode      = Plain[LoginCodePage]("login_code")
	LoginPassword  = Plain[LoginPasswordPage]("login_password")
	SignInRefused  = Plain[SignInRefusedPage]("sign_in_refused")
	SignedIn       = Plain[SignedInPage]("signed_in")
	SignedOut      = Plain[SignedOutPage]("signed_out")
	Invitation     = Plain[InvitationPage]("invitation")
	InvitationOver = Plain[InvitationOverPage]("invitation_over")
	Account        = Plain[AccountPage]("account")
)

// LoginPage has the ways to sign in.
type LoginPage struct {
	// Notice names what the page has to tell: one of those in notices, or nothing.
	Notice    string
	Doors     []LoginDoor
	Local     bool   // user names and passwords are taken
	Name      string // that was typed
	Code      authmethods.Code
	ReturnTo  string
	FormToken string
}

// notices are what may be told.
var notices = map[string]Told{
	"signed-out":       {Good, "login.notice.signed-out"},
	"password-set":     {Good, "login.notice.password-set"},
	"out-of-date":      {Wait, "login.notice.out-of-date"},
	"form-out-of-date": {Wait, "login.notice.form-out-of-date"},
	"sign-in":          {Info, "login.notice.sign-in"},
}

// Told is the notice as it is shown; nil: there is none.
func (p LoginPage) Told() *Told {
	if told, ok := notices[p.Notice]; ok {
		return &told
	}
	return nil
}

// Told is something that a page tells first.
type Told struct {
	Kind Kind
	Key  string
}

// Faulty reports that what was typed was refused.
func (p LoginPage) Faulty() bool { return p.Code != "" }

// Wrong is the text about what was typed; empty: nothing was wrong.
func (p LoginPage) Wrong() string {
	switch p.Code {
	case "":
		return ""
	case authmethods.CodeUserDisabled:
		return "login.disabled"
	case authmethods.CodeTooManyRequests:
		return "login.slow"
	}
	return "login.wrong"
}

// LoginDoor is a connector.
type LoginDoor struct{ Name, Href string }

// LoginCodePage asks for a one-time code.
type LoginCodePage struct {
	FormToken string
	Code      authmethods.Code // empty: nothing was wrong yet
}

// Faulty reports that the code was refused.
func (p LoginCodePage) Faulty() bool { return p.Code != "" }

// Wrong is the text about the code; empty: nothing was wrong.
func (p LoginCodePage) Wrong() string {
	switch p.Code {
	case "":
		return ""
	case authmethods.CodeTooManyRequests:
		return "login.slow"
	}
	return "login.code.wrong"
}

// LoginPasswordPage asks for a new password in place of an expired one.
type LoginPasswordPage struct {
	FormToken string
	Faults    []string
}

// Faulty reports that something was refused.
func (p LoginPasswordPage) Faulty() bool { return len(p.Faults) > 0 }

// SignInRefusedPage tells somebody in plain words that they were not signed in. It
// does not say whether other accounts exist.
type SignInRefusedPage struct {
	Reference string
	Code      authmethods.Code // empty: this browser is not told more
	Provider  string
	Email     string
	Again     string // where another account can be tried; empty: nowhere
	Tried     bool   // it was a test that would have worked
	UserName  string // who it would have been
}

// Faulty reports a failure.
func (p SignInRefusedPage) Faulty() bool { return !p.Tried }

// Why is the text that tells why.
func (p SignInRefusedPage) Why() string {
	switch p.Code {
	case "":
		return "refused.unknown"
	case authmethods.CodeEmailUnverified:
		return "refused.email_unverified"
	case authmethods.CodeSignInDeclined:
		return "refused.declined"
	case authmethods.CodeProviderDown, authmethods.CodeProviderThrottled, authmethods.CodeStorageUnavailable, authmethods.CodeInternal:
		return "refused.down"
	case authmethods.CodeConnectorDisabled, authmethods.CodeClientRejected, authmethods.CodeClientUnknown, authmethods.CodeScopeUnknown:
		return "refused.closed"
	case authmethods.CodeSignInOutOfDate:
		return "refused.out_of_date"
	case authmethods.CodeIdentityUnproved, authmethods.CodeClockSkew, authmethods.CodeAccountsServerRefused, authmethods.CodeUnexpectedReply:
		return "refused.unproved"
	}
	if p.Email == "" {
		return "refused.nobody.bare"
	}
	return "refused.nobody"
}

// SignedInPage leads on to the platform, elsewhere.
type SignedInPage struct{ URL string }

// SignedOutPage leads on to where the provider ends its own session.
type SignedOutPage struct{ URL string }

// InvitationPage asks for a password.
type InvitationPage struct {
	UserName  string
	First     bool // the first one of this person
	FormToken string
	Action    string
	Faults    []string
}

// Faulty reports that something was refused.
func (p InvitationPage) Faulty() bool { return len(p.Faults) > 0 }

// InvitationOverPage tells that a link is no longer good.
type InvitationOverPage struct{}

// AccountPage is what people manage of their own account.
type AccountPage struct {
	UserName    string
	Tokens      AccountTokens
	PasswordSet time.Time // zero: there is none
	Codes       bool      // one-time codes are on
	Begun       *BegunCodes
	Passkeys    []AccountPasskey
	Sessions    []AccountSession
	Faults      []string
}

// Faulty reports that something was refused.
func (p AccountPage) Faulty() bool { return len(p.Faults) > 0 }

// AccountTokens prove that the forms of the page were ours.
type AccountTokens struct{ Account, Logout string }

// BegunCodes are one-time codes that are being set up.
type BegunCodes struct {
	Secret  string
	Picture template.URL // data:image/png;base64,…
}

// AccountPasskey is one of the person's passkeys.
type AccountPasskey struct {
	ID, Name string
	UsedAt   time.Time // zero: never
}

// AccountSession is a browser in which the person is signed in.
type AccountSession struct {
	ID        string
	UserAgent string
	Address   string
	Since     time.Time
	Here      bool
}
