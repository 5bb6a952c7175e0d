package chaos_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/driver"

	"latchkey/test/fleet"
)

// disk is a small file system in memory.
type disk struct {
	t    testing.TB
	path string
}

// mountDisk mounts an empty one. Where that is not allowed there is none.
func mountDisk(t testing.TB, size string) (d *disk, ok bool) {
	t.Helper()
	d = &disk{t, folder(t)}
	if err := syscall.Mount("tmpfs", d.path, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		t.Logf("no right to mount a disk to fill (%v): writes are refused by a limit on the size of files instead", err)
		return nil, false
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.path, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return d, true
}

// fill leaves no room on the disk.
func (d *disk) fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	must(d.t, err)
	defer f.Close()
	for _, chunk := range [][]byte{bytes.Repeat([]byte{1}, 1<<20), bytes.Repeat([]byte{1}, 512)} {
		for err = nil; err == nil; {
			_, err = f.Write(chunk)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			d.t.Fatal(err)
		}
	}
}

// empty makes room again.
func (d *disk) empty() { must(d.t, os.Remove(d.ballast())) }

func (d *disk) ballast() string { return filepath.Join(d.path, "ballast") }

// Where no disk can be mounted, this is the next test once more.
func TestTheDiskOfSQLiteIsFull(t *testing.T) {
	t.Parallel()
	d, ok := mountDisk(t, "32m")
	if !ok {
		filesOfSQLiteAreLimited(t)
		return
	}
	x := begin(t, fleet.Options{
		Connections: 3, Database: "sqlite:" + filepath.Join(d.path, "latchkey.db"), Settings: []string{"LATCHKEY_DATA_DIR=" + d.path},
	})
	x.expire(x.w.Connections[0])
	x.remember()
	d.fill()
	x.fillLog()
	x.unwritable(x.w.Connections[0], x.w.Connections[1])
	d.empty()
	x.conclude()
}

func TestTheFilesOfSQLiteMayNotBeWrittenTo(t *testing.T) {
	t.Parallel()
	filesOfSQLiteAreLimited(t)
}

// filesOfSQLiteAreLimited takes the room for every write away, which needs no other
// right than to be the server's user.
func filesOfSQLiteAreLimited(t *testing.T) {
	x := begin(t, fleet.Options{Connections: 3})
	p := x.w.Processes[0]
	x.expire(x.w.Connections[0])
	x.remember()
	must(t, p.LimitFiles(0))
	x.unwritable(x.w.Connections[0], x.w.Connections[1])
	must(t, p.LimitFiles(fleet.Unlimited))
	x.conclude()
}

// fillLog writes until SQLite's log has no room left of its own.
func (x *experiment) fillLog() {
	x.Helper()
	x.raw(func(pool *sql.DB) error {
		for range 100_000 {
			_, err := pool.ExecContext(x.Context(), "INSERT INTO changes (tenant_id, kind, object_id, created_at) VALUES (?, 'filling', hex(zeroblob(2000)), 1)", x.w.Tenants[0].ID)
			if err != nil {
				x.Logf("the disk is full: %v", err)
				return nil
			}
		}
		return errors.New("the disk does not fill")
	})
}

// raw opens the SQLite database beside its server.
func (x *experiment) raw(use func(*sql.DB) error) {
	x.Helper()
	pool, err := driver.Open("file:" + strings.TrimPrefix(x.w.URL, "sqlite:") + "?_pragma=busy_timeout(10000)&_txlock=immediate")
	must(x, err)
	defer pool.Close()
	must(x, use(pool))
}

// A SQLite file that another program has locked cannot be written to.
func TestTheDatabaseOfSQLiteCannotBeWrittenTo(t *testing.T) {
	t.Parallel()
	x := begin(t, fleet.Options{Connections: 3})
	x.expire(x.w.Connections[0])
	x.remember()
	x.raw(func(pool *sql.DB) error {
		lock, err := pool.BeginTx(t.Context(), nil)
		if err != nil {
			return err
		}
		x.unwritable(x.w.Connections[0], x.w.Connections[1])
		return lock.Rollback()
	})
	x.conclude()
}

func TestTheDiskOfPostgresIsFull(t *testing.T) {
	if onlyWhole() {
		return
	}
	t.Parallel()
	db, fill, empty := postgresOnADisk(t)
	x := begin(t, fleet.Options{Storage: fleet.Postgres, Database: db.url("latchkey"), Replicas: 2, Connections: 6})
	for range 3 {
		x.expire(x.w.Connections...)
		fill()
		stop := x.crowd()
		x.fillTable()
		time.Sleep(3 * time.Second) // what is written until nothing can be
		stop()
		empty()
		select {
		case <-db.run.gone: // it may have given up
			db.run = nil
			t.Log("PostgreSQL had ended")
		default:
		}
		db.start()
		x.insist()
	}
	x.conclude()
}

// postgresOnADisk starts a PostgreSQL server whose disk can be filled and emptied.
func postgresOnADisk(t *testing.T) (db *server, fill, empty func()) {
	t.Helper()
	if d, ok := mountDisk(t, "256m"); ok {
		return startPostgres(t, d.path), d.fill, d.empty
	}
	db = startPostgres(t, folder(t))
	return db, func() { db.limitFiles("0") }, func() { db.limitFiles("unlimited") }
}

// fillTable writes until PostgreSQL has no room left of its own.
func (x *experiment) fillTable() {
	x.Helper()
	pool, err := sql.Open("pgx", x.w.URL)
	must(x, err)
	defer pool.Close()
	for range 1000 {
		_, err := pool.ExecContext(x.Context(), "INSERT INTO changes (tenant_id, kind, object_id, created_at) "+
			"SELECT $1, 'filling', repeat('x', 2000), 1 FROM generate_series(1, 1000)", x.w.Tenants[0].ID)
		if err != nil {
			x.Logf("the disk is full: %v", err)
			return
		}
	}
	x.Error("the disk does not fill")
}
