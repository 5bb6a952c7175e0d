package db

import (
	"context"
	"fmt"
	"reflect"

	"gorm.io/gorm"
)

// orNull returns nil for nil bytes. SQLite's driver would store them as empty ones,
// which are not NULL: an absent secret would count as set, and two absent hashes
// as the same.
func orNull(v any) any {
	if b, ok := v.([]byte); ok && b == nil {
		return nil
	}
	return v
}

// create stores a row, column by column for the sake of [orNull].
func create(ctx context.Context, g *gorm.DB, row any) error {
	g = g.WithContext(ctx)
	parsed := &gorm.Statement{DB: g}
	if err := parsed.Parse(row); err != nil {
		return fmt.Errorf("reading the columns: %w", err)
	}
	fields := reflect.ValueOf(row).Elem()
	columns := make(map[string]any, len(parsed.Schema.DBNames))
	for _, name := range parsed.Schema.DBNames {
		v, _ := parsed.Schema.FieldsByDBName[name].ValueOf(ctx, fields)
		columns[name] = orNull(v)
	}
	return g.Model(row).Create(columns).Error
}
