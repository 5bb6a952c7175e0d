package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"

	"latchkey/migrations"
)

const postgresNow = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

func openPostgres(ctx context.Context, o Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		// pgx quotes the address, which may hold a password.
		return nil, fmt.Errorf("db: the PostgreSQL address is not valid")
	}
	cfg.MaxConns = int32(o.MaxConns)
	if o.MaxConns == 0 {
		cfg.MaxConns = 16
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = 3 * time.Second
	}
	// A commit that is answered must survive; a server set to less is overruled.
	if cfg.ConnConfig.RuntimeParams["synchronous_commit"] == "" {
		cfg.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fail("connecting to PostgreSQL", err)
	}
	d := &DB{dialect: migrations.Postgres}
	d.closers = append(d.closers, func() error { pool.Close(); return nil })
	d.own(stdlib.OpenDBFromPool(pool))
	d.now = postgresNow
	if err := d.pools[0].PingContext(ctx); err != nil {
		d.Close()
		return nil, fail("connecting to PostgreSQL", err)
	}
	// pgx caches statements itself; a second cache only clashes with poolers.
	g, err := gormOn(postgres.New(postgres.Config{Conn: d.pools[0]}), false, o.Log)
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("db: opening PostgreSQL: %w", err)
	}
	d.read, d.write = g, g
	return d, nil
}
