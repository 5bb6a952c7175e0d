package signin

import (
	"context"
	"slices"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	methods "latchkey/authmethods/store"
	"latchkey/sso"
	"latchkey/sso/directory"
)

// CheckMethod returns what tells whether people can sign in by a method.
func CheckMethod(of *methods.Store, kinds *catalog.Catalog) directory.MethodCheck {
	return func(ctx context.Context, c authmethods.Caller, ref string, e authmethods.Environment, t sso.ConnectorType) (authmethods.ID, []string, error) {
		tenant, err := of.For(c)
		if err != nil {
			return "", nil, err
		}
		m, err := tenant.Method(ctx, ref)
		if authmethods.KindOf(err) == authmethods.NotFound {
			return "", nil, authmethods.InvalidField("/method", "There is no such authentication method.")
		}
		if err != nil {
			return "", nil, err
		}
		kind, ok := kinds.Find(m.IntegrationType)
		if !ok {
			return "", nil, authmethods.InvalidField("/method", "The integration type of this method is not there any more.")
		}
		if !slices.Contains(kind.EnvironmentsInOrder(), e) {
			return "", nil, authmethods.InvalidField("/environment", kind.Name+" has no such environment.")
		}
		if m.Mode != authmethods.ModeOAuth {
			return "", nil, authmethods.InvalidField("/method", "People sign in by methods of the mode oauth only: the others have no page for them.")
		}
		p, err := kind.Resolve(catalog.ChoiceOf(&m, e, ""))
		if err != nil {
			return "", nil, err
		}
		switch {
		case t == sso.OpenIDConnect && kind.Protocol != catalog.OIDC:
			return "", nil, authmethods.InvalidField("/type", kind.Name+" does not speak OpenID Connect. Choose oauth2.")
		case t == sso.OAuth2 && p.UserinfoEndpoint == "" && !p.Discover && p.Profile == nil:
			return "", nil, authmethods.InvalidField("/type", kind.Name+" has no call that tells who somebody is.")
		}
		var warnings []string
		if m.ClientIDIn(e) == "" {
			warnings = append(warnings, "The method has no client ID yet.")
		}
		return m.ID, warnings, nil
	}
}
