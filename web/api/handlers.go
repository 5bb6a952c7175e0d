package api

import (
	"time"

	"net/http"
	"regexp"
	"strconv"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/store"
	"latchkey/crypto/token"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/sso/mail"
	"latchkey/sso/session"
	"latchkey/sso/signin"
	"latchkey/tokens/consent"
	"latchkey/web/route"
)

// Handlers answer the administration API.
type Handlers struct {
	Store     *store.Store
	Consents  *consent.Service
	Ledger    Ledger
	Catalog   *catalog.Catalog
	PublicURL authmethods.PublicURL

	// What follows is about people and how they sign in.
	Directory   *directory.Directory
	Sessions    *session.Sessions
	Credentials *credentials.Credentials
	SignIn      *signin.Service
	// Mail sends people their links; nil: there is none here, and links are shown to
	// whoever asks for them.
	Mail *mail.Sender
	// Patience is how long an answer waits for the servers to heed a freeze.
	Patience time.Duration
}

// Bounds of what a request may hold; api.yaml repeats them.
const (
	maxRef     = 64
	maxName    = 100
	maxURL     = 2048
	maxText    = 512
	maxSecret  = 8192
	maxScopes  = 200
	maxPermits = 200
	maxParams  = 50

	maxUserName   = 256
	maxEmail      = 254
	maxExternalID = 255
	maxRoles      = 50
	maxConnectors = 200
	maxAtOnce     = 500 // users in one call
	maxDomains    = 50
	maxIssuer     = 512
	maxSubject    = 255
)

// in returns the data of the caller's tenant.
func (h *Handlers) in(c *route.Call) (*store.Tenant, error) { return h.Store.For(c.Caller) }

// people returns the people of the caller's tenant.
func (h *Handlers) people(c *route.Call) (*directory.Tenant, error) { return h.Directory.For(c.Caller) }

// id returns the path's id if it has the prefix; anything else names nothing.
func id(c *route.Call, prefix string) (authmethods.ID, error) {
	s := c.Param("id")
	if !token.ValidID(prefix, s) {
		return "", authmethods.Missing()
	}
	return authmethods.ID(s), nil
}

// replyRev answers with an object that has a revision.
func replyRev(c *route.Call, status int, rev int64, v any) error {
	c.Response().Header().Set("ETag", `"`+strconv.FormatInt(rev, 10)+`"`)
	return c.Reply(status, v)
}

var etagPattern = regexp.MustCompile(`^"([1-9][0-9]{0,18})"$`)

// ifMatch returns the revision that the caller has seen (RFC 9110 section 13.1.1);
// 0 if any will do. A tag that is none of ours matches nothing.
func ifMatch(r *http.Request) (int64, error) {
	given := r.Header.Get("If-Match")
	if given == "" || given == "*" {
		return 0, nil
	}
	if m := etagPattern.FindStringSubmatch(given); m != nil {
		if rev, err := strconv.ParseInt(m[1], 10, 64); err == nil {
			return rev, nil
		}
	}
	return 0, &authmethods.Problem{
		Kind: authmethods.Stale, Code: authmethods.CodeStale,
		Detail: "The If-Match header does not name the present state. Read it again and repeat the change.",
	}
}

// diagnosis is a diagnosis on the wire.
type diagnosis struct {
	Ref        string   `json:"ref"`
	Title      string   `json:"title"`
	Causes     []string `json:"causes"`
	Action     string   `json:"action"`
	NextAction string   `json:"next_action"`
	Who        string   `json:"who"`
	Temporary  bool     `json:"temporary"`
}

// diagnosed explains a code; nil for none.
func diagnosed(code authmethods.Code) *diagnosis {
	if code == "" {
		return nil
	}
	d := authmethods.Diagnose(code)
	return &diagnosis{d.Ref, d.Title, d.Causes, d.Action, d.NextAction, d.Who, d.Temporary}
}
