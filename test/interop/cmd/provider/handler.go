package main

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	loginPath   = "/_login"
	controlPath = "/_control"

	loggedOutPath = "/_logged-out"
)

// newHandler joins the library's endpoints, the login step and the control endpoints.
func newHandler(issuer string, chosen settings, log *slog.Logger) (http.Handler, error) {
	key, err := newSigningKey("sig-1")
	if err != nil {
		return nil, err
	}
	store := newStorage(chosen, key)
	config := &op.Config{
		CodeMethodS256:        true,
		AuthMethodPost:        true,
		GrantTypeRefreshToken: true,
		// Where the browser goes that names no place of its own.
		DefaultLogoutRedirectURI:   loggedOutPath,
		BackChannelLogoutSupported: true,
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
	mux.HandleFunc("POST "+controlPath+"/rotate-keys", func(w http.ResponseWriter, r *http.Request) {
		id, err := store.rotate(r.FormValue("drop") != "")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeJSON(w, map[string]string{"key": id})
	})
	mux.HandleFunc("POST "+controlPath+"/logout-token", func(w http.ResponseWriter, r *http.Request) {
		token, err := store.logoutToken(issuer, r.FormValue("sid"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeJSON(w, map[string]string{"logout_token": token})
	})
	mux.HandleFunc("GET "+loggedOutPath, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "You are signed out.\n")
	})
	return mux, nil
}
