package states

import (
	"time"

	"latchkey/authmethods"
	"latchkey/web/page"
)

// login are the pages of signing in and out.
func login() []State {
	doors := []page.LoginDoor{{Name: "Zoho", Href: "/api/sso/login/zoho"}, {Name: "Microsoft Entra", Href: "/api/sso/login/entra"}}
	return []State{
		of("login", page.Login, page.LoginPage{Doors: doors, Local: true, FormToken: "t"}),
		of("login-wrong", page.Login, page.LoginPage{Local: true, FormToken: "t", Name: "marie", Code: authmethods.CodeWrongPassword}),
		of("login-notice", page.Login, page.LoginPage{Doors: doors[:1], Notice: "signed-out", FormToken: "t"}),
		of("login-nothing", page.Login, page.LoginPage{}),
		of("login-code", page.LoginCode, page.LoginCodePage{FormToken: "t"}),
		of("login-code-wrong", page.LoginCode, page.LoginCodePage{FormToken: "t", Code: authmethods.CodeSecondFactor}),
		of("login-password", page.LoginPassword, page.LoginPasswordPage{FormToken: "t", Faults: []string{"The two passwords differ."}}),
		of("refused", page.SignInRefused, page.SignInRefusedPage{Reference: "7F3K-2QPD", Code: authmethods.CodeNoMatchingUser, Provider: "Zoho", Email: "marie@acme.example", Again: "/api/sso/login/zoho?select_account=1"}),
		of("refused-bare", page.SignInRefused, page.SignInRefusedPage{Reference: "7F3K-2QPD"}),
		of("refused-tried", page.SignInRefused, page.SignInRefusedPage{Reference: "7F3K-2QPD", Tried: true, Provider: "Zoho", UserName: "marie.dupont", Email: "marie@acme.example"}),
		of("signed-out", page.SignedOut, page.SignedOutPage{URL: "https://accounts.zoho.eu/logout"}),
		of("invitation", page.Invitation, page.InvitationPage{UserName: "marie.dupont", First: true, FormToken: "t", Action: "/invitations/x"}),
		of("invitation-wrong", page.Invitation, page.InvitationPage{UserName: "marie.dupont", FormToken: "t", Action: "/invitations/x", Faults: []string{"The password is too short."}}),
		of("invitation-over", page.InvitationOver, page.InvitationOverPage{}),
		of("first-run", page.FirstRun, firstRun(nil)),
		of("first-run-wrong", page.FirstRun, firstRun(page.Corrections{{Field: "slug", Text: "Use 1 to 63 small letters, digits and inner hyphens."}})),
		of("first-run-done", page.FirstRunDone, page.FirstRunDonePage{Name: "Acme", URL: "/invitations/x"}),
		of("account", page.Account, page.AccountPage{
			UserName: "marie.dupont", Tokens: page.AccountTokens{Account: "t", Logout: "t"}, PasswordSet: Began, Codes: true,
			Passkeys: []page.AccountPasskey{{ID: "pk_1", Name: "Laptop", UsedAt: Began}, {ID: "pk_2", Name: "Phone"}},
			Sessions: []page.AccountSession{{ID: "s_1", UserAgent: "Firefox", Address: "192.0.2.7", Since: Began, Here: true}, {ID: "s_2", UserAgent: "Chromium", Address: "192.0.2.8", Since: Began.Add(-time.Hour)}},
		}),
		of("account-new", page.Account, page.AccountPage{UserName: "marie.dupont"}),
	}
}

// firstRun asks for the first workspace.
func firstRun(wrong page.Corrections) page.FirstRunPage {
	return page.FirstRunPage{
		Action: "/first-run/x", Corrections: wrong,
		Workspace: []page.Field{{Name: "name", Label: "Name", Value: "Acme"}, {Name: "slug", Label: "Short name", Value: "Acme", Mono: true, Error: wrong.Of("slug")}},
		Person:    []page.Field{{Name: "display_name", Label: "Your name", Optional: true}, {Name: "user_name", Label: "User name", Value: "ada@example.com"}},
	}
}
