package directory

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

var countByConnector = db.Prepare(`SELECT connector_id, COUNT(*) FROM user_connectors
	WHERE user_connectors.tenant_id = {tenant} GROUP BY connector_id`)

// CountByConnector counts the users whose cards name each connector.
func (t *Tenant) CountByConnector(ctx context.Context) (map[authmethods.ID]int64, error) {
	if err := t.caller.May(authmethods.ViewUsers); err != nil {
		return nil, err
	}
	counts := map[authmethods.ID]int64{}
	err := db.Query(ctx, t.in, countByConnector, nil, func(scan func(...any) error) error {
		var id authmethods.ID
		var n int64
		err := scan(&id, &n)
		counts[id] = n
		return err
	})
	return counts, err
}
