// Package latchkey holds the description of the HTTP interfaces, api.yaml, which is
// the contract: what is served and what is described are compared in a test.
package latchkey

import _ "embed" // api.yaml

// APISpec is api.yaml, an OpenAPI 3.0 document.
//
//go:embed api.yaml
var APISpec []byte
