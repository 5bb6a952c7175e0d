package db

import (
	"context"

	"latchkey/migrations"
)

// Size returns how much room the database takes, in bytes.
func (d *DB) Size(ctx context.Context) (int64, error) {
	query := "SELECT pg_database_size(current_database())"
	if d.dialect == migrations.SQLite {
		query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
	}
	var n int64
	err := d.read.WithContext(ctx).Raw(query).Scan(&n).Error
	return n, fail("measuring the database", err)
}
