package abuse

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/test/fleet"
)

const password = "an umbrella in the hall stand"

// TestAThousandStrangersLeaveTheAdministratorServed has them come from four addresses
// while an administrator reads pages, a key calls the API and a service borrows.
//
// passwords are limited before they are hashed, so that guessing costs the
// guesser. R-81: what was refused is counted in an audit log that is still whole.
func TestAThousandStrangersLeaveTheAdministratorServed(t *testing.T) {
	w := fleet.New(t, fleet.Options{Settings: []string{"LATCHKEY_CONNECTIONS=800", "LATCHKEY_ADDRESS_LIMIT=600", "LATCHKEY_LOG_LEVEL=info"}})
	server, acme := w.Processes[0], w.Tenants[0]
	var made struct {
		Link string `json:"link"`
	}
	w.MustRun(t, &made, "user", "create", "--tenant", acme.Slug, "--username", "root", "--role", "workspace-admin", "--invited", "--json")
	public := strings.TrimPrefix(server.Public(), "http://")
	admin := browser(public, &net.Dialer{})
	defer admin.CloseIdleConnections()
	accept(t, admin, made.Link)

	crowd := &strangers{public: public}
	crowd.come(t, 250)
	borrower := w.Borrower(acme, "borrower")
	defer borrower.Close()
	pages := []string{"/", "/methods", "/users", "/audit", "/settings"}
	ended := time.Now().Add(15 * time.Second)
	served, slowest := 0, time.Duration(0)
	for i := 0; time.Now().Before(ended) || crowd.cut.Load() == 0 || crowd.seen(http.StatusTooManyRequests) == 0; i++ {
		began := time.Now()
		if status, _ := ask(t.Context(), admin, "GET", site+pages[i%len(pages)], nil); status != http.StatusOK {
			t.Fatalf("the administrator's page %s: status %d", pages[i%len(pages)], status)
		}
		slowest = max(slowest, time.Since(began))
		if err := server.Call(t.Context(), acme, "GET", "/api/v1/auth-methods", nil, nil); err != nil {
			t.Fatal(err)
		}
		if loan := borrower.Lend(t.Context(), server, w.Connections[0], fleet.Wish{}); loan.Status != http.StatusOK {
			t.Fatalf("a loan: %d %s %s", loan.Status, loan.Code, loan.Error)
		}
		served++
	}
	newcomer := browser(public, &net.Dialer{}) // somebody else at the administrator's place signs in
	defer newcomer.CloseIdleConnections()
	status := http.StatusTooManyRequests
	for status == http.StatusTooManyRequests { // while the first hashes are made, there is a queue
		if status = logIn(t.Context(), newcomer, "root", password); status == http.StatusTooManyRequests {
			pause(t.Context(), time.Second)
		}
	}
	if status != http.StatusSeeOther {
		t.Errorf("signing in amid it: status %d", status)
	}
	t.Logf("%d rounds, the slowest page %s; %d connections cut, %d strangers refused", served, slowest, crowd.cut.Load(), crowd.seen(http.StatusTooManyRequests))
	for _, status := range []int{http.StatusInternalServerError, http.StatusServiceUnavailable} {
		if n := crowd.seen(status); n > 0 {
			t.Errorf("%d strangers were answered %d", n, status)
		}
	}
	if n := w.Rows(t, "SELECT count(*) FROM sign_ins")[0][0]; n != "0" {
		t.Errorf("%s sign-ins are on record that nobody walked", n)
	}
	fleet.Report(t, w.VerifyAudit(t))
}

// accept sets the first password by an invitation, which signs in.
func accept(t *testing.T, c *http.Client, link string) {
	t.Helper()
	_, path, ok := strings.Cut(link, "/invitations/")
	if !ok {
		t.Fatalf("no invitation: %s", link)
	}
	at := site + "/invitations/" + path
	_, page := ask(t.Context(), c, "GET", at, nil)
	found := token.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no form:\n%s", page)
	}
	if status, body := ask(t.Context(), c, "POST", at, map[string][]string{"csrf": {found[1]}, "password": {password}, "again": {password}}); status != http.StatusSeeOther {
		t.Fatalf("accepting the invitation: status %d\n%s", status, body)
	}
	if status := logIn(t.Context(), c, "root", password); status != http.StatusSeeOther {
		t.Fatalf("signing in: status %d", status)
	}
}
