// Package postgres gives each test a PostgreSQL database of its own, on
// one throw-away server a test process.
//
// The server is started by the first test that asks for a [URL] and dies with the
// process, however that ends. Set PG_BIN to the folder of other server programs,
// or LATCHKEY_TEST_POSTGRES_URL to use a server that already runs; its user must
// be a superuser.
//
// Tests run as roles that row-level security holds: one owns the databases and
// migrates, another serves and may do nothing but read and write rows.
package postgres
