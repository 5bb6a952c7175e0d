package page

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"latchkey/web/route"
)

// Flash is a message that the next page shows once.
type Flash struct {
	Kind Kind
	Text string // in the reader's language
}

// Kind is how something is meant: it chooses colour and icon.
type Kind string

// The kinds.
const (
	Good Kind = "good" // done
	Info Kind = "info" // to know
	Wait Kind = "wait" // passes, or needs a look
	Bad  Kind = "bad"  // an error
)

// note is a flash message as the cookie carries it: never a text, only a key of the
// family flash and what its placeholders stand for.
type note struct {
	Kind  Kind     `json:"kind"`
	Key   string   `json:"key"`
	Pairs []string `json:"pairs,omitempty"`
}

const (
	flashFamily = "flash."
	flashCookie = "latchkey-flash"
	maxFlash    = 1 << 10
)

// SetFlash has the next page say the text of key, which begins with "flash.". The
// pairs are as in [words.Words.Say].
func SetFlash(c *route.Call, kind Kind, key string, pairs ...string) {
	value, err := json.Marshal(note{Kind: kind, Key: key, Pairs: pairs})
	if err != nil || len(value) > maxFlash {
		return // the thing itself was done; only the message is lost
	}
	setFlashCookie(c, base64.RawURLEncoding.EncodeToString(value), 60)
}

// takeFlash returns the message for this page, and takes it away from the browser.
func takeFlash(c *route.Call) *Flash {
	cookie, err := c.Request().Cookie(flashCookie)
	if err != nil || len(cookie.Value) > 2*maxFlash {
		return nil
	}
	setFlashCookie(c, "", -1)
	value, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return nil
	}
	var n note
	w := Words(c)
	if json.Unmarshal(value, &n) != nil || !strings.HasPrefix(n.Key, flashFamily) || !w.Has(n.Key) {
		return nil
	}
	pairs := make([]any, len(n.Pairs))
	for i, p := range n.Pairs {
		pairs[i] = p
	}
	return &Flash{Kind: n.Kind.known(), Text: w.Say(n.Key, pairs...)}
}

func setFlashCookie(c *route.Call, value string, seconds int) {
	c.SetCookie(&http.Cookie{
		Name: flashCookie, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true,
		Secure: c.Scheme() == "https", SameSite: http.SameSiteLaxMode, // Strict would be missing after the way back from a provider
	})
}

func (k Kind) known() Kind {
	switch k {
	case Good, Wait, Bad:
		return k
	}
	return Info
}

// Icon is the icon of the kind.
func (k Kind) Icon() string {
	switch k {
	case Good:
		return "check"
	case Wait:
		return "clock"
	case Bad:
		return "alert"
	}
	return "info"
}
