package upstream

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/crypto/secret"
)

func TestExchange(t *testing.T) {
	for _, test := range []struct {
		name string
		in   Exchange
		want url.Values
	}{
		{"after a redirect", Exchange{secret.New(plantedCode), "https://acme.example/api", secret.New("verifier")},
			url.Values{"redirect_uri": {"https://acme.example/api"}, "code_verifier": {"verifier"}}},
		{"of a pasted code", Exchange{Code: secret.New(plantedCode)}, url.Values{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := serve(t, reply(200, "application/json", granted))
			if _, err := newClient(t).Exchange(t.Context(), registration(p.URL), test.in); err != nil {
				t.Fatal(err)
			}
			test.want["grant_type"], test.want["code"] = []string{"authorization_code"}, []string{plantedCode}
			test.want["client_id"], test.want["client_secret"] = []string{"client"}, []string{plantedSecret}
			if diff := cmp.Diff(test.want, p.only(t).form); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	p := serve(t, raw(""))
	_, err := newClient(t).Exchange(t.Context(), registration(p.URL), Exchange{Code: secret.New(plantedCode)})
	if f := failureOf(t, err); !f.Unanswered {
		t.Error("an exchange without an answer may have used up the code")
	}
	p.only(t)
}
