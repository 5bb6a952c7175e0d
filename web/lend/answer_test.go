package lend

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

// FuzzAppendString holds the encoder against the standard library's decoder: any
// text comes out as it went in, with the replacement character for what is none.
func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{"", "plain", `"quoted" \ and`, "\x00\x1f\x7f\n\t", "\u2028é😀", "\xff\xfe", "a\xffb", "</script>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); got != want && strings.ReplaceAll(got, "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
			t.Fatalf("%q came out as %q", s, got)
		}
	})
}

func TestALoanIsWrittenInTheWordsOfTheContract(t *testing.T) {
	loan := tokens.Loan{
		AccessToken: secret.New(`1000."odd"`), TokenType: "Zoho-oauthtoken", TokenID: "tok_1", Scopes: []string{"a", "b"},
		ExpiresAt: time.Date(2026, 11, 21, 11, 58, 0, 999, time.FixedZone("", 3600)), ExpiresIn: 2470*time.Second + 999*time.Millisecond,
		Headers:    []tokens.Header{{Name: "Authorization", Value: secret.New("Zoho-oauthtoken 1000")}, {Name: "orgId", Value: secret.New("2389290")}},
		APIBaseURL: "https://desk.zoho.eu/api/v1", Tenant: "acme", Method: "zoho-desk", Environment: authmethods.Production,
		Connection: "conn_1", State: tokens.Active, Source: tokens.FromMemory,
	}
	var got, want any
	if err := json.Unmarshal(appendLoan(nil, &loan), &got); err != nil {
		t.Fatal(err)
	}
	const text = `{"access_token":"1000.\"odd\"","token_type":"Zoho-oauthtoken","expires_at":"2026-11-21T10:58:00Z","expires_in":2470,
 "token_id":"tok_1","scopes":["a","b"],"headers":{"Authorization":"Zoho-oauthtoken 1000","orgId":"2389290"},
 "api_base_url":"https://desk.zoho.eu/api/v1","tenant":"acme","method":"zoho-desk","environment":"production",
 "connection":"conn_1","state":"active","source":"memory"}`
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestATokenThatNeverExpiresHasNoExpiry(t *testing.T) {
	b := string(appendLoan(nil, &tokens.Loan{AccessToken: secret.New("x")}))
	if strings.Contains(b, "expires") || !json.Valid([]byte(b)) {
		t.Errorf("%s", b)
	}
}

func TestWhoHoldsTheTokenIsToldOnlyWhatMayHaveChanged(t *testing.T) {
	loan := tokens.Loan{
		AccessToken: secret.New("1000"), TokenID: "tok_1", ExpiresAt: time.Date(2026, 11, 21, 10, 58, 0, 0, time.UTC), ExpiresIn: 2470 * time.Second,
		Headers: []tokens.Header{{Name: "Authorization", Value: secret.New("Bearer 1000")}}, State: tokens.Degraded, Source: tokens.FromStore,
	}
	const unchanged = `{"not_modified":true,"token_id":"tok_1","expires_at":"2026-11-21T10:58:00Z","expires_in":2470,"state":"degraded","source":"store"}`
	if got := string(appendAnswer(nil, &loan, "tok_1")); got != unchanged {
		t.Errorf("to who holds it: %s", got)
	}
	whole := string(appendLoan(nil, &loan))
	for _, held := range []authmethods.ID{"", "tok_2", "tok_", "TOK_1"} {
		if got := string(appendAnswer(nil, &loan, held)); got != whole {
			t.Errorf("to who holds %q: %s", held, got)
		}
	}
	loan.ExpiresAt, loan.TokenID = time.Time{}, ""
	if got := string(appendUnchanged(nil, &loan)); strings.Contains(got, "expires") || !json.Valid([]byte(got)) {
		t.Errorf("for ever: %s", got)
	}
	if got := string(appendAnswer(nil, &loan, "")); !strings.Contains(got, "access_token") {
		t.Errorf("who holds nothing was told nothing: %s", got)
	}
}

func TestAResultIsALoanOrAProblem(t *testing.T) {
	for name, c := range map[string]struct {
		result result
		want   string
	}{
		"held":               {result{loan: tokens.Loan{TokenID: "tok_1", State: tokens.Active, Source: tokens.FromMemory}, held: "tok_1"}, `{"loan":{"not_modified":true,"token_id":"tok_1","state":"active","source":"memory"}}`},
		"a fault in a field": {result{err: authmethods.InvalidField("/tenant", "Say which.")}, `"errors":[{"pointer":"/loans/7/tenant","detail":"Say which."}]`},
		"unexplained":        {result{err: errors.New("row 7 of table secrets")}, `"code":"internal_error","diagnosis"`},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := appendResult(nil, 7, &c.result, "req_1")
			if got := string(b); err != nil || !strings.Contains(got, c.want) || !json.Valid(b) || strings.Contains(got, "row 7") {
				t.Errorf("%s %v", got, err)
			}
		})
	}
}

func TestARefusalWithoutReplacementHoldsNoToken(t *testing.T) {
	if got := string(appendRejection(nil, tokens.NotReplaced, &tokens.Loan{})); got != "{\"verdict\":\"not_replaced\"}\n" {
		t.Errorf("%s", got)
	}
}

func BenchmarkAppendLoan(b *testing.B) {
	loan := tokens.Loan{
		AccessToken: secret.New(strings.Repeat("x", 70)), TokenType: "Bearer", TokenID: "tok_1", Scopes: []string{"Desk.tickets.READ"},
		ExpiresAt: time.Now(), ExpiresIn: time.Hour, Headers: []tokens.Header{{Name: "Authorization", Value: secret.New(strings.Repeat("x", 80))}},
	}
	buffer := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buffer = appendLoan(buffer[:0], &loan)
	}
}
