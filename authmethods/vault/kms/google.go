package kms

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"sync"

	"golang.org/x/oauth2"
	googleauth "golang.org/x/oauth2/google"

	"latchkey/crypto/seal"
)

// google is where Google Cloud KMS is and who we are there. The zero value is the
// service itself, and the credentials that the environment has for it.
type google struct {
	endpoint string
	tokens   oauth2.TokenSource
}

const (
	googleEndpoint = "https://cloudkms.googleapis.com"
	googleScope    = "https://www.googleapis.com/auth/cloudkms"
)

type googleKey struct {
	name     string
	endpoint string
	client   *http.Client
	tokens   func() (oauth2.TokenSource, error)
}

var googleName = regexp.MustCompile(`^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/:]+$`)

// openGoogle takes the resource name of a symmetric key.
func openGoogle(name string, at google) (seal.Wrapper, error) {
	if !googleName.MatchString(name) {
		return nil, errors.New("google-kms needs a name such as projects/P/locations/L/keyRings/R/cryptoKeys/K")
	}
	client, err := newClient("")
	if err != nil {
		return nil, err
	}
	k := &googleKey{name: name, endpoint: googleEndpoint, client: client}
	if at.endpoint != "" {
		k.endpoint = at.endpoint
	}
	k.tokens = sync.OnceValues(func() (oauth2.TokenSource, error) {
		if at.tokens != nil {
			return at.tokens, nil
		}
		return googleauth.DefaultTokenSource(context.Background(), googleScope)
	})
	return k, nil
}

// Wrap implements [seal.Wrapper].
func (k *googleKey) Wrap(ctx context.Context, key, aad []byte) ([]byte, error) {
	var out struct{ Ciphertext []byte }
	err := k.ask(ctx, ":encrypt", map[string]string{"plaintext": encode(key), "additionalAuthenticatedData": encode(aad)}, &out)
	return out.Ciphertext, err
}

// Unwrap implements [seal.Wrapper].
func (k *googleKey) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	var out struct{ Plaintext []byte }
	err := k.ask(ctx, ":decrypt", map[string]string{"ciphertext": encode(wrapped), "additionalAuthenticatedData": encode(aad)}, &out)
	return out.Plaintext, err
}

func (k *googleKey) ask(ctx context.Context, verb string, in, out any) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	doing := "asking Google for " + k.name
	tokens, err := k.tokens()
	if err != nil {
		return refused(doing, err)
	}
	token, err := tokens.Token()
	var retrieving *oauth2.RetrieveError
	if errors.As(err, &retrieving) && retrieving.Response != nil && retrieving.Response.StatusCode < 500 {
		return refused(doing, errors.New("the credentials are not accepted"))
	}
	if err != nil {
		return away(doing, err)
	}
	a, err := post(ctx, k.client, k.endpoint+"/v1/"+k.name+verb, http.Header{"Authorization": {token.Type() + " " + token.AccessToken}}, in)
	if err != nil {
		return away(doing, err)
	}
	var problem struct {
		Error struct{ Status, Message string }
	}
	if a.status != http.StatusOK {
		_ = json.Unmarshal(a.body, &problem) // what cannot be read is not quoted
	}
	// A key version that is switched off is a precondition, told with 400 as well.
	unwrapping := verb == ":decrypt" && problem.Error.Status != "FAILED_PRECONDITION"
	return a.sort(doing, unwrapping, problem.Error.Status+" "+problem.Error.Message, out)
}
