package db_test

import (
	"path/filepath"
	"sync"
	"testing"

	"latchkey/authmethods/db"
	"latchkey/test/storage"
)

// The last to close a SQLite database puts its log away and lets nobody in meanwhile.
// Whoever opens at that moment, a server beside a command that ends, waits.
func TestADatabaseThatSomebodyIsJustLeavingOpens(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "latchkey.db")
	if err := storage.Open(t, url).Close(); err != nil {
		t.Fatal(err)
	}
	var others sync.WaitGroup
	defer others.Wait()
	over := make(chan struct{})
	defer close(over)
	for range 2 {
		others.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				if other, err := db.Connect(t.Context(), db.Options{URL: url}); err == nil {
					_ = other.Close()
				}
			}
		})
	}
	for n := range 150 {
		d, err := db.Connect(t.Context(), db.Options{URL: url})
		if err != nil {
			t.Fatalf("the %d. time: %v", n+1, err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}
