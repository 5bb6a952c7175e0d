package main

import (
	"crypto/rand"
	"log/slog"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	loginPath   = "/_login"
	controlPath = "/_control"
)

// newHandler joins the library's endpoints, the login step and the control endpoints.
func newHandler(issuer string, chosen settings, log *slog.Logger) (http.Handler, error) {
	key, err := newSigningKey()
	if err != nil {
		return nil, err
	}
	store := newStorage(chosen, key)
	config := &op.Config{
		CodeMethodS256:        true,
		AuthMethodPost:        true,
		GrantTypeRefreshToken: true,
	}
	if _, err := rand.Read(config.CryptoKey[:]); err != nil {
		return nil, err
	}
	provider, err := op.NewProvider(config, store, op.StaticIssuer(issuer),
		op.WithAllowInsecure(), op.WithLogger(log))
	if err != nil {
		return nil, err
	}
	events := &journal{store: store}
	mux := http.NewServeMux()
	mux.Handle("/", provider)
	mux.Handle(provider.TokenEndpoint().Relative(), events.watch(provider))
	mux.Handle(loginPath, &login{provider: provider, store: store, auto: chosen.auto})
	mux.HandleFunc("GET "+controlPath+"/log", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, events.all())
	})
	mux.HandleFunc("GET "+controlPath+"/grants", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, store.states())
	})
	mux.HandleFunc("POST "+controlPath+"/revoke-all", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]int{"revoked": store.endAll()})
	})
	return mux, nil
}
