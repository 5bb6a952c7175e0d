package signin

import (
	"context"

	"latchkey/authmethods/catalog"
	"latchkey/sso"
	"latchkey/sso/directory"
)

// nearest returns up to three users whose names are like what was looked for, best
// first, as a hint for administrators.
func nearest(ctx context.Context, people *directory.Tenant, values []sso.Value) ([]sso.User, error) {
	all, err := everybody(ctx, people)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(all))
	for i, u := range all {
		names[i] = u.UserName
	}
	var found []sso.User
	for _, v := range values {
		for len(found) < 3 && v.Text != "" {
			name := catalog.Nearest(v.Text, names)
			if name == "" {
				break
			}
			for i := range names {
				if names[i] == name {
					found = append(found, all[i])
					names[i] = ""
					break
				}
			}
		}
	}
	return found, nil
}

// most is how many people a dry run is about at most.
const most = 20_000

// everybody returns the tenant's users.
func everybody(ctx context.Context, people *directory.Tenant) ([]sso.User, error) {
	const page = 500
	var all []sso.User
	q := directory.UserQuery{Limit: page}
	for len(all) < most {
		users, err := people.Users(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, users...)
		if len(users) < page {
			break
		}
		q.After = users[len(users)-1].ID
	}
	return all, nil
}
