package db

// LockSQLite makes this process the one that may serve the database file at path,
// or replace it, until the returned function is called. It fails while a server has
// it open.
func LockSQLite(path string) (unlock func() error, err error) { return lockFile(path + ".lock") }
