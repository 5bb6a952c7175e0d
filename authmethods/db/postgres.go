package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
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
	added := addSettings(cfg.ConnConfig.RuntimeParams)
	pooled, err := probe(ctx, cfg.ConnConfig)
	if len(added) > 0 && isRefusedSetting(err) {
		// Most poolers take no settings. The server's own must do, and those that a
		// transaction can set for itself.
		for _, name := range added {
			delete(cfg.ConnConfig.RuntimeParams, name)
		}
		pooled, err = probe(ctx, cfg.ConnConfig)
	}
	if err != nil {
		return nil, err
	}
	if pooled && !strings.Contains(o.URL, "default_query_exec_mode") {
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	if mode := cfg.ConnConfig.DefaultQueryExecMode; pooled && mode == pgx.QueryExecModeDescribeExec {
		return nil, errors.New("db: default_query_exec_mode=describe_exec mixes up statements behind a pooler; use exec")
	}
	return connectPostgres(ctx, cfg, pooled, o)
}

func connectPostgres(ctx context.Context, cfg *pgxpool.Config, pooled bool, o Options) (*DB, error) {
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fail("connecting to PostgreSQL", err)
	}
	d := &DB{dialect: migrations.Postgres}
	d.base = &d.handle
	d.closers = append(d.closers, func() error { pool.Close(); return nil })
	d.own(openWalled(pool))
	d.now = postgresNow
	if !pooled {
		d.listen = cfg.ConnConfig.Copy()
	}
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
	d.runWrite = runner{dialect: d.dialect, log: o.Log, pool: pool}
	d.runRead = d.runWrite
	d.bare = cfg.ConnConfig.RuntimeParams[idle] == ""
	return d, nil
}
