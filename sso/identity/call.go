package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
)

// reply is an answer that came whole.
type reply struct {
	status int
	kind   string // media type, "" if there is none
	body   []byte
}

var errTooLong = errors.New("its answer is too long")

// get asks for an address and reads at most limit bytes. Its errors hold neither
// the address nor what the server sent.
func get(ctx context.Context, client *http.Client, address string, header http.Header, limit int64) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || req.URL.Host == "" {
		return reply{}, errors.New("its address is not complete")
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, silent(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case int64(len(body)) > limit:
		return reply{}, errTooLong
	case err != nil:
		return reply{}, silent(err)
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return reply{resp.StatusCode, kind, body}, nil
}

// silent returns what may be logged of an error of net/http, which quotes the
// address and sometimes what a server sent.
func silent(err error) error {
	var (
		op   *net.OpError
		cert *tls.CertificateVerificationError
		wait net.Error
	)
	switch {
	case errors.As(err, &op):
		return op
	case errors.As(err, &cert):
		return cert
	case errors.As(err, &wait) && wait.Timeout():
		return errors.New("no answer in time")
	}
	return errors.New("the connection ended before an answer came")
}
