package catalog

import (
	"regexp"
	"strings"
)

// Placeholders that stay in what [Type.Resolve] returns; whoever uses a token
// fills them from the connection.
const (
	// PlaceholderOrganization is the id of the chosen organisation.
	PlaceholderOrganization = "{organization}"
	// PlaceholderInstanceURL is the token response's instance_url.
	PlaceholderInstanceURL = "{instance_url}"
)

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// placeholders lists the names in braces.
func placeholders(template string) []string {
	var names []string
	for _, m := range placeholder.FindAllString(template, -1) {
		names = append(names, m[1:len(m)-1])
	}
	return names
}

func later(name string) bool {
	return "{"+name+"}" == PlaceholderOrganization || "{"+name+"}" == PlaceholderInstanceURL
}

// expand fills a template by plain replacement and returns the first name that
// has no value. A value is never expanded again.
func expand(template string, values map[string]string) (text, missing string) {
	text = placeholder.ReplaceAllStringFunc(template, func(m string) string {
		name := m[1 : len(m)-1]
		if value, ok := values[name]; ok && value != "" {
			return value
		}
		if !later(name) && missing == "" {
			missing = name
		}
		return m
	})
	return text, missing
}

// wholly compiles a pattern that must match a whole value.
func wholly(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile(`^(?:` + strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$") + `)$`)
}
