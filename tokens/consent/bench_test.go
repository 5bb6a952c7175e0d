package consent_test

import (
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"testing"

	"latchkey/authmethods"
	"latchkey/test/broker"
	"latchkey/test/postgres"
	"latchkey/test/storage"
	"latchkey/zohosim"
)

// BenchmarkConsent is a whole consent: begin, the simulator's pages, exchange,
// verification, installation and revocation of the grant before it.
func BenchmarkConsent(b *testing.B) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(b.TempDir(), "latchkey.db") },
		"postgres": func() string { return postgres.URL(b) },
	} {
		b.Run(name, func(b *testing.B) {
			k := broker.New(b, storage.Open(b, url()), nil)
			k.ZohoDesk(b, nil)
			jar, err := cookiejar.New(nil)
			if err != nil {
				b.Fatal(err)
			}
			client := &http.Client{Jar: jar}
			for b.Loop() {
				k.ApproveAs(b, client, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
			}
		})
	}
}
