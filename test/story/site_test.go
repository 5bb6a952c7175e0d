package story_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/zohosim"
)

// Who is who.
const (
	admin    = "ada@acme.example" // here, and at Zoho
	marie    = "marie@acme.example"
	password = "four words on a yellow note"
	workshop = "Acme contact centre"
)

// The client that Ada registers in Zoho's console.
const (
	clientID     = "1000.STORY000000000000000000000000001"
	clientSecret = "the secret that the console showed"
)

// The organisations that Ada can approve for.
const (
	livePortal  = "Acme Support"
	trialPortal = "Acme Rehearsal"
)

// site is an installation on its first day, and Zoho.
type site struct {
	*fleet.World
	t     testing.TB
	first string // the address that the program showed at its start
}

// firstLink is the address among what the program says.
var firstLink = regexp.MustCompile(`http://setup\.localhost\S+`)

func newSite(t testing.TB, storage fleet.Storage) *site {
	t.Helper()
	port, err := fleet.FreePort(t.Context())
	must(t, err)
	s := &site{t: t, World: fleet.New(t, fleet.Options{Storage: storage, Empty: true, Limits: true, Settings: []string{
		fmt.Sprintf("LATCHKEY_PUBLIC_URL=http://{tenant}.localhost:%d", port), fmt.Sprintf("LATCHKEY_LISTEN=127.0.0.1:%d", port),
	}})}
	s.first = s.begin()
	s.person(admin, "Ada", "Moreau",
		zohosim.Org{ID: "20067000011", Product: zohosim.Desk, Name: livePortal, Environment: zohosim.Production, Default: true, Admin: true},
		zohosim.Org{ID: "20067000012", Product: zohosim.Desk, Name: trialPortal, Environment: zohosim.Sandbox, Admin: true})
	s.person(marie, "Marie", "Dupont")
	return s
}

// begin waits until the program says where to begin.
func (s *site) begin() string {
	s.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if link := firstLink.FindString(s.Processes[0].Printed()); link != "" {
			return link
		}
	}
	s.t.Fatalf("the program does not say where to begin: %s", s.Processes[0].Printed())
	return ""
}

// person is somebody with an account at Zoho.
func (s *site) person(email, first, last string, orgs ...zohosim.Org) {
	s.t.Helper()
	_, err := s.Provider.AddUser(zohosim.User{Email: email, DC: "eu", EmailVerified: true, FirstName: first, LastName: last, Orgs: orgs})
	must(s.t, err)
}

// register makes a client in Zoho's console with these redirect addresses.
func (s *site) register(name string, redirects ...string) {
	s.t.Helper()
	must(s.t, s.Provider.AddClient(zohosim.Client{
		ID: clientID, Secret: clientSecret, Name: name, Type: zohosim.ServerClient, HomeDC: "eu", MultiDC: true, RedirectURIs: redirects,
	}))
}

// borrow asks for a token as the telephone does, with this key.
func (s *site) borrow(key string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.Processes[0].Internal()+"/internal/v1/tokens",
		strings.NewReader(`{"method": "zoho-desk", "environment": "production", "purpose": "call pop-up"}`))
	must(s.t, err)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	must(s.t, err)
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(response.Body)
	must(s.t, err)
	var loan struct {
		Token string `json:"access_token"`
	}
	if response.StatusCode != http.StatusOK || json.Unmarshal(body.Bytes(), &loan) != nil || loan.Token == "" {
		s.t.Fatalf("borrowing answers %d: %s", response.StatusCode, &body)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
