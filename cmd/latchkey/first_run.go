package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/web/login"
)

// offerFirst shows the link by which an empty installation is set up; nothing if there
// is a tenant, or ever was. The link is secret, so it goes to w alone and into no log.
func (a *app) offerFirst(ctx context.Context, w io.Writer) {
	shown, until, err := a.storage.tenants.OfferFirst(ctx)
	if err != nil {
		a.log.Warn("there is no link for setting the installation up; «latchkey tenant create» does the same", "error", err)
		return
	}
	if shown.IsZero() {
		return
	}
	path := strings.Replace(login.FirstRunPath, ":secret", shown.Reveal(), 1)
	fmt.Fprintf(w, `
Nothing is set up here yet. Open this address in a browser to make the first workspace and its administrator:

  %s

It works once, until %s UTC. Whoever has it can do this in your place: give it to nobody.

`, a.cfg.PublicURL.Origin(authmethods.SetupSlug)+path, until.UTC().Format(time.DateTime))
}
