package kms

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
)

// service is a stand-in for each of the services. It really encrypts, in versions, and
// speaks of failures as they do.
type service struct {
	*httptest.Server
	mu       sync.Mutex
	versions []cipher.AEAD
	oldest   int    // version that may still be used, from 1
	fault    string // "down", "denied", "slow", "garbled", "disabled"
	seen     []*http.Request
}

func newService(t *testing.T) *service {
	s := &service{oldest: 1}
	s.rotate()
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// rotate gives the key a new version.
func (s *service) rotate() {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions = append(s.versions, aead)
}

func (s *service) set(fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// ServeHTTP speaks the language that the request is in.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Clone(context.Background()))
	fault := s.fault
	s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	speak := s.transit
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		speak = s.aws
	case strings.Contains(r.URL.Path, "cryptoKeys"):
		speak = s.google
	}
	switch fault {
	case "slow":
		select {
		case <-r.Context().Done():
		case <-time.After(2 * patience):
		}
	case "garbled":
		fmt.Fprint(w, "<html>hello")
		return
	}
	status, answer := speak(r, body, fault)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
}

// seal and open are what the services have in common.
func (s *service) seal(plain, aad []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.versions)
	return strconv.Itoa(n) + ":" + base64.StdEncoding.EncodeToString(s.versions[n-1].Seal(nil, nil, plain, aad))
}

var errRetired = errors.New("retired")

func (s *service) open(text string, aad []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number, encoded, _ := strings.Cut(text, ":")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(s.versions) {
		return nil, errors.New("not ours")
	}
	if n < s.oldest {
		return nil, errRetired
	}
	wrapped, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, err
	}
	return s.versions[n-1].Open(nil, nil, wrapped, aad)
}

func (s *service) transit(r *http.Request, body []byte, fault string) (int, any) {
	var in struct {
		Plaintext      []byte `json:"plaintext"`
		Ciphertext     string `json:"ciphertext"`
		AssociatedData []byte `json:"associated_data"`
	}
	says := func(status int, text string) (int, any) { return status, map[string]any{"errors": []string{text}} }
	if err := json.Unmarshal(body, &in); err != nil {
		return says(400, err.Error())
	}
	switch {
	case fault == "down":
		return says(503, "Vault is sealed")
	case fault == "denied", r.Header.Get("X-Vault-Token") != "the token", r.Header.Get("X-Vault-Namespace") != "team":
		return says(403, "permission denied")
	case fault == "disabled":
		return says(404, "encryption key not found")
	case r.URL.Path == "/v1/transit/encrypt/latchkey":
		return 200, map[string]any{"data": map[string]any{"ciphertext": "vault:v" + s.seal(in.Plaintext, in.AssociatedData)}}
	case r.URL.Path != "/v1/transit/decrypt/latchkey":
		return says(404, "no handler for route")
	}
	plain, err := s.open(strings.TrimPrefix(in.Ciphertext, "vault:v"), in.AssociatedData)
	if errors.Is(err, errRetired) {
		return says(400, "ciphertext or signature version is disallowed by policy (too old)")
	}
	if err != nil {
		return says(400, "cipher: message authentication failed")
	}
	return 200, map[string]any{"data": map[string]any{"plaintext": plain}}
}

func (s *service) google(r *http.Request, body []byte, fault string) (int, any) {
	var in struct{ Plaintext, Ciphertext, AdditionalAuthenticatedData []byte }
	says := func(code int, status, text string) (int, any) {
		return code, map[string]any{"error": map[string]any{"code": code, "status": status, "message": text}}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return says(400, "INVALID_ARGUMENT", err.Error())
	}
	switch {
	case fault == "down":
		return says(503, "UNAVAILABLE", "try later")
	case fault == "denied", r.Header.Get("Authorization") != "Bearer the token":
		return says(403, "PERMISSION_DENIED", "Permission denied on resource")
	case fault == "disabled":
		return says(400, "FAILED_PRECONDITION", "the key version is not enabled")
	case strings.HasSuffix(r.URL.Path, ":encrypt"):
		return 200, map[string]any{"ciphertext": []byte(s.seal(in.Plaintext, in.AdditionalAuthenticatedData))}
	}
	plain, err := s.open(string(in.Ciphertext), in.AdditionalAuthenticatedData)
	if errors.Is(err, errRetired) {
		return says(400, "FAILED_PRECONDITION", "the key version is not enabled")
	}
	if err != nil {
		return says(400, "INVALID_ARGUMENT", "Decryption failed: verify that 'name' refers to the correct CryptoKey.")
	}
	return 200, map[string]any{"plaintext": plain}
}

func (s *service) aws(r *http.Request, body []byte, fault string) (int, any) {
	var in struct {
		Plaintext, CiphertextBlob []byte
		EncryptionContext         map[string]string
		KeyID                     string `json:"KeyId"`
	}
	says := func(status int, code string) (int, any) {
		return status, map[string]any{"__type": code, "message": "so it is"}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return says(400, "ValidationException")
	}
	aad := []byte(in.EncryptionContext["latchkey"])
	switch {
	case fault == "down":
		return says(500, "KMSInternalException")
	case fault == "denied", !strings.Contains(r.Header.Get("Authorization"), "Credential=AKIDTEST/"):
		return says(400, "AccessDeniedException")
	case fault == "disabled":
		return says(400, "DisabledException")
	case strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".Encrypt"):
		return 200, map[string]any{"CiphertextBlob": []byte(s.seal(in.Plaintext, aad)), "KeyId": in.KeyID}
	}
	plain, err := s.open(string(in.CiphertextBlob), aad)
	if errors.Is(err, errRetired) {
		return says(400, "DisabledException")
	}
	if err != nil {
		return says(400, "InvalidCiphertextException")
	}
	return 200, map[string]any{"Plaintext": plain, "KeyId": in.KeyID}
}

const (
	awsARN     = "arn:aws:kms:eu-west-1:123456789012:key/0b7e4f62-0000-4000-8000-000000000001"
	googleKeyN = "projects/p/locations/europe/keyRings/r/cryptoKeys/latchkey"
)

// each runs f with a key of each kind and the service behind it.
func each(t *testing.T, f func(t *testing.T, s *service, key seal.Wrapper)) {
	for _, kind := range []string{"transit", "aws-kms", "google-kms"} {
		t.Run(kind, func(t *testing.T) {
			s := newService(t)
			f(t, s, open(t, s, kind))
		})
	}
}

func open(t *testing.T, s *service, kind string) seal.Wrapper {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL_KMS", s.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDTEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not a secret")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	address := map[string]string{"transit": s.URL + "/transit/keys/latchkey", "aws-kms": awsARN, "google-kms": googleKeyN}[kind]
	o := Options{
		TransitToken: func() (secret.Text, error) { return secret.New("the token"), nil }, TransitNamespace: "team",
		google: google{s.URL, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "the token"})},
	}
	for _, k := range Kinds(o) {
		if k.Name == kind {
			key, err := k.Open(address)
			if err != nil {
				t.Fatal(err)
			}
			return key
		}
	}
	t.Fatalf("there is no kind %s", kind)
	return nil
}

var aad = []byte("tenant, version and key")

func TestWhatAServiceWrapsItUnwrapsForTheSameTenantOnly(t *testing.T) {
	each(t, func(t *testing.T, s *service, key seal.Wrapper) {
		ctx, plain := t.Context(), bytes.Repeat([]byte{7, 200}, 16)
		wrapped, err := key.Wrap(ctx, plain, aad)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(wrapped, plain) || len(wrapped) == 0 {
			t.Errorf("wrapped is %q", wrapped)
		}
		s.rotate() // the service rotates its own key: what was wrapped before still opens
		if got, err := key.Unwrap(ctx, wrapped, aad); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("unwrapped %x, %v", got, err)
		}
		if _, err := key.Unwrap(ctx, wrapped, []byte("another tenant")); !errors.Is(err, seal.ErrTampered) {
			t.Errorf("for another tenant: %v", err)
		}
		if _, err := key.Unwrap(ctx, []byte("vault:v9:AAAA"), aad); err == nil || errors.Is(err, seal.ErrUnavailable) {
			t.Errorf("what it never wrapped: %v", err)
		}
		s.oldest = 2
		if _, err := key.Unwrap(ctx, wrapped, aad); !errors.Is(err, ErrRefused) {
			t.Errorf("of a version that was retired: %v", err)
		}
	})
}

func TestAFailureIsKnownForOneThatPassesOrOneThatDoesNot(t *testing.T) {
	each(t, func(t *testing.T, s *service, key seal.Wrapper) {
		wrapped, err := key.Wrap(t.Context(), bytes.Repeat([]byte{1}, 32), aad)
		if err != nil {
			t.Fatal(err)
		}
		for fault, want := range map[string]error{
			"down": seal.ErrUnavailable, "denied": ErrRefused, "disabled": ErrRefused, "garbled": seal.ErrUnavailable, "slow": seal.ErrUnavailable,
		} {
			s.set(fault)
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if fault == "slow" {
				ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond) // less than the client's own patience
			}
			_, err := key.Unwrap(ctx, wrapped, aad)
			if !errors.Is(err, want) || strings.Contains(fmt.Sprint(err), "the token") {
				t.Errorf("unwrapping, %s: %v", fault, err)
			}
			if _, err := key.Wrap(ctx, wrapped, aad); !errors.Is(err, want) {
				t.Errorf("wrapping, %s: %v", fault, err)
			}
			cancel()
		}
		s.set("")
		if _, err := key.Unwrap(t.Context(), wrapped, aad); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		s.Close()
		if _, err := key.Unwrap(t.Context(), wrapped, aad); !errors.Is(err, seal.ErrUnavailable) {
			t.Errorf("nobody there: %v", err)
		}
	})
}

func TestATransitTokenIsReadAnewAndMissingOnesAreSaid(t *testing.T) {
	s := newService(t)
	file := filepath.Join(t.TempDir(), "token")
	key, err := openTransit(s.URL+"/v1/transit/keys/latchkey", Options{TransitNamespace: "team", TransitToken: func() (secret.Text, error) {
		text, err := os.ReadFile(file)
		return secret.New(string(text)), err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.Wrap(t.Context(), nil, aad); !errors.Is(err, ErrRefused) {
		t.Errorf("without a token: %v", err)
	}
	for _, token := range []string{"an old token", "the token"} {
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := key.Wrap(t.Context(), []byte("x"), aad); (err == nil) != (token == "the token") || strings.Contains(fmt.Sprint(err), token) {
			t.Errorf("with %s: %v", token, err)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	followed := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	t.Cleanup(other.Close)
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(s.Close)
	key, err := openTransit(s.URL+"/transit/keys/k", Options{TransitToken: func() (secret.Text, error) { return secret.New("t"), nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.Wrap(t.Context(), nil, nil); !errors.Is(err, ErrRefused) || followed {
		t.Errorf("followed: %t, %v", followed, err)
	}
}

func TestAddressesOfKeysAreExact(t *testing.T) {
	for kind, cases := range map[string]map[string]bool{
		"transit": {
			"https://bao.example:8200/transit/keys/latchkey": true, "https://bao.example/v1/team/transit/keys/k": true,
			"http://127.0.0.1:8200/transit/keys/k": true, "http://bao.example/transit/keys/k": false, "https://bao.example/transit/k": false,
			"https://user:pass@bao.example/transit/keys/k": false, "https://bao.example/transit/keys/": false, "transit/keys/k": false,
			"https://bao.example/transit/keys/k?x=1": false,
		},
		"aws-kms":    {awsARN: true, "arn:aws:kms:eu-west-1:1:alias/x": false, "alias/x": false, "arn:aws:s3:::key/x": false},
		"google-kms": {googleKeyN: true, googleKeyN + "/cryptoKeyVersions/1": false, "projects/p": false, googleKeyN + ":encrypt": false},
	} {
		for address, ok := range cases {
			_, err := seal.ParseKeyring(strings.NewReader("v1 "+kind+" "+address+" active\n"), Kinds(Options{})...)
			if ok != (err == nil) {
				t.Errorf("%s %s: %v", kind, address, err)
			}
			if err != nil && strings.Contains(err.Error(), "pass") {
				t.Errorf("the error quotes a password: %v", err)
			}
		}
	}
}
