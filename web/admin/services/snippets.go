package services

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"latchkey/authmethods"
	"latchkey/web/page"
)

// loan is what a program is shown to ask for. As JSON it is the request itself.
type loan struct {
	Method      string   `json:"method"`
	Environment string   `json:"environment"`
	Scopes      []string `json:"scopes,omitempty"`
	name        string   // of the method
}

// firstLoan is something that these permits allow, with the first method where they
// allow every one.
func firstLoan(permits []authmethods.Permit, methods []authmethods.Method) (loan, bool) {
	for _, p := range permits {
		l := loan{Method: p.Method, Environment: p.Environment, Scopes: p.Scopes, name: p.Method}
		i := slices.IndexFunc(methods, func(m authmethods.Method) bool { return p.Method == authmethods.Any || m.Reference == p.Method })
		if i >= 0 {
			l.Method, l.name = methods[i].Reference, methods[i].Name
		}
		if l.Method == authmethods.Any {
			continue
		}
		if l.Environment == authmethods.Any {
			l.Environment = string(authmethods.Production)
		}
		return l, true
	}
	return loan{}, false
}

// request is the body of the request.
func (l loan) request() string { return encoded(l) }

func encoded(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it is to be copied
	if err := e.Encode(v); err != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

// internal is the address of the internal API as programs need it.
type internal struct {
	base   string // http://HOST:PORT
	socket string // path of the socket; empty: there is none
	given  string // for LATCHKEY_URL
}

func internalAt(address string) internal {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return internal{base: "http://latchkey", socket: path, given: address}
	}
	return internal{base: strings.TrimSuffix(address, "/"), given: address}
}

const tokensPath = "/internal/v1/tokens"

// snippets are ways to borrow. The key is in none of them: they take it from the
// environment of the program.
func snippets(address string, l loan) []page.Snippet {
	at := internalAt(address)
	all := []page.Snippet{
		{ID: "snippet-curl", Label: "curl", Text: at.curl(tokensPath, quoted(l.request())), Open: true},
		{ID: "snippet-go", Label: "Go", Text: at.golang(l)},
	}
	if at.socket == "" {
		all = append(all, page.Snippet{ID: "snippet-python", Label: "Python", Text: at.python(l)})
	}
	return append(all, page.Snippet{ID: "snippet-cli", Label: "latchkey", Text: at.command(l)})
}

// rejection is how to report that a provider refused a token.
func rejection(address string) page.Snippet {
	return page.Snippet{
		ID: "snippet-reject", Label: "curl", Text: internalAt(address).curl(tokensPath+`/$TOKEN_ID/rejections`, quoted(`{"status":401}`)),
	}
}

// quoted is a word of a POSIX shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// word is quoted where it has to be.
func word(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:") == "" {
		return s
	}
	return quoted(s)
}

func (at internal) curl(path, body string) string {
	program := "curl -sS "
	if at.socket != "" {
		program += "--unix-socket " + word(at.socket) + " "
	}
	return program + `"` + at.base + path + `" \
  -H "Authorization: Bearer $LATCHKEY_API_KEY" \
  -H 'Content-Type: application/json' \
  -d ` + body
}

func (at internal) command(l loan) string {
	line := "LATCHKEY_URL=" + word(at.given) + " latchkey token get \\\n  --method " + word(l.Method) + " --environment " + word(l.Environment)
	for _, s := range l.Scopes {
		line += " --scope " + word(s)
	}
	return line + " --output headers"
}

func (at internal) python(l loan) string {
	return strings.NewReplacer("«url»", encoded(at.base+tokensPath), "«request»", encoded(l)).Replace(`import json, os, urllib.request

request = urllib.request.Request(
    «url»,
    data=json.dumps(«request»).encode(),
    headers={
        "Authorization": "Bearer " + os.environ["LATCHKEY_API_KEY"],
        "Content-Type": "application/json",
    },
)
with urllib.request.urlopen(request, timeout=40) as answer:
    loan = json.load(answer)
# Send loan["headers"] with every call to loan["api_base_url"].
print(loan["api_base_url"], loan["token_id"])`)
}

// backquoted is a text in Go's source, without escapes where it can be.
func backquoted(s string) string {
	if strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

func (at internal) golang(l loan) string {
	imports, client := "", "http.DefaultClient"
	if at.socket != "" {
		imports = "\n\t\"context\""
		client = `&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", ` + strconv.Quote(at.socket) + `)
		},
	}}`
	}
	network := ""
	if at.socket != "" {
		network = "\n\t\"net\""
	}
	return strings.NewReplacer("«context»", imports, "«net»", network, "«client»", client, "«url»", strconv.Quote(at.base+tokensPath),
		"«request»", backquoted(l.request())).Replace(`package main

import («context»
	"encoding/json"
	"fmt"
	"log"«net»
	"net/http"
	"os"
	"strings"
)

func main() {
	const request = «request»
	r, err := http.NewRequest(http.MethodPost, «url», strings.NewReader(request))
	if err != nil {
		log.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+os.Getenv("LATCHKEY_API_KEY"))
	r.Header.Set("Content-Type", "application/json")
	client := «client»
	answer, err := client.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		log.Fatal(answer.Status)
	}
	var loan struct {
		TokenID    string            ` + "`json:\"token_id\"`" + `
		APIBaseURL string            ` + "`json:\"api_base_url\"`" + `
		Headers    map[string]string ` + "`json:\"headers\"`" + `
	}
	if err := json.NewDecoder(answer.Body).Decode(&loan); err != nil {
		log.Fatal(err)
	}
	// Send loan.Headers with every call to loan.APIBaseURL.
	fmt.Println(loan.APIBaseURL, loan.TokenID)
}`)
}
