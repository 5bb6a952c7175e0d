package catalog

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"latchkey/authmethods"
)

// DataCentres keeps the order of the file, in which people are shown them.
type DataCentres []DataCentre

// UnmarshalYAML reads a map from codes to data centres.
func (d *DataCentres) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("data centres must be a map, line %d", n.Line)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		var dc DataCentre
		if err := n.Content[i+1].Decode(&dc); err != nil {
			return err
		}
		dc.Code = n.Content[i].Value
		*d = append(*d, dc)
	}
	return nil
}

// DataCentre returns the data centre with this code.
func (t *Type) DataCentre(code string) (DataCentre, bool) {
	for _, dc := range t.DataCentres {
		if dc.Code == code {
			return dc, true
		}
	}
	return DataCentre{}, false
}

// DataCentreOf finds the data centre whose authorization server this is, as a
// callback names it. It must equal an entry of the table but for one final slash:
// anything looser would send codes and client secrets where the callback says.
func (t *Type) DataCentreOf(accountsServer string) (DataCentre, bool) {
	given := strings.TrimSuffix(accountsServer, "/")
	if given == "" {
		return DataCentre{}, false
	}
	for _, dc := range t.DataCentres {
		if dc.AuthorizationServer == given {
			return dc, true
		}
	}
	return DataCentre{}, false
}

// DataCentreFor tells from an address a person typed in which data centre it
// lies. It is a suggestion: nothing is sent to that address.
func (t *Type) DataCentreFor(environmentURL string) (code string, ok bool) {
	u, wrong := parseAddress(environmentURL, t.mayHTTP)
	if wrong != "" {
		return "", false
	}
	given := origin(u) + u.EscapedPath()
	for _, dc := range t.DataCentres {
		if beneath(given, dc.AuthorizationServer) {
			return dc.Code, true
		}
		for _, host := range dc.Hosts {
			for _, address := range host {
				if beneath(given, address) {
					return dc.Code, true
				}
			}
		}
	}
	return "", false
}

// has reports whether the data centre has everything that API calls in e need.
func (t *Type) has(dc DataCentre, e authmethods.Environment) bool {
	for _, name := range placeholders(t.API.BaseURL) {
		if _, isHost := dc.Hosts[name]; isHost && dc.Hosts[name][e] == "" {
			return false
		}
	}
	return true
}

// DataCentresIn lists the data centres whose addresses in e are known.
func (t *Type) DataCentresIn(e authmethods.Environment) []DataCentre {
	var list []DataCentre
	for _, dc := range t.DataCentres {
		if t.has(dc, e) {
			list = append(list, dc)
		}
	}
	return list
}

func (t *Type) mayHTTP(host string) bool { return t.allowHTTP != nil && t.allowHTTP(host) }
