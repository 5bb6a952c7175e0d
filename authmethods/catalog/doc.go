// Package catalog holds the integration types: what can be connected, as data.
// No provider is named in its Go files; a provider is one YAML file in types, or
// in a directory of the operator's. It opens no connection and reads no clock.
package catalog
