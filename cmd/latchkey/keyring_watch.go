package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"latchkey/authmethods/vault"
)

// keyringWatch follows the keyring file and the rotation of keys while a server runs.
type keyringWatch struct {
	rotator *vault.Rotator
	process string
	amiss   atomic.Pointer[error] // why this server lacks a key that it needs
	seen    fs.FileInfo           // the file as it was read last; nil: not since the start
}

// lookAtKeys is how often the keyring file and the active key are looked at. Who
// rotates keys waits for it.
const lookAtKeys = time.Second

// watchKeyring reads the keyring anew when its file changes or somebody asks for it
// with SIGHUP, and heeds which key is active, until ctx ends.
func (a *app) watchKeyring(ctx context.Context) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	tick := time.NewTicker(lookAtKeys)
	defer tick.Stop()
	// The first look reads it again: it may have changed since the start read it.
	for {
		select {
		case <-ctx.Done():
			return
		case <-asked:
			a.rereadKeyring(ctx)
		case <-tick.C:
			a.lookAtKeyring(ctx)
		}
	}
}

func (a *app) lookAtKeyring(ctx context.Context) {
	if now, err := os.Stat(a.cfg.KeyringFile); err == nil && !sameFile(a.keys.seen, now) {
		a.rereadKeyring(ctx)
	}
	changed, err := a.storage.vault.Heed(ctx, a.storage.system)
	if err != nil && ctx.Err() == nil && a.watcher.Fresh() { // not while the database is away
		if old := a.keys.amiss.Swap(&err); old == nil || (*old).Error() != err.Error() {
			a.log.Error("the keyring is not complete", "error", err)
		}
		return
	}
	a.keys.amiss.Store(nil)
	if changed {
		a.log.Info("data keys are wrapped with another key now", "key", a.storage.vault.Keys()[0])
		a.replica.Hurry()
	}
}

// sameFile reports whether a file was not changed or replaced between two looks.
func sameFile(a, b fs.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// rereadKeyring takes the keyring as it is in the file by now. One that cannot be
// used changes nothing.
func (a *app) rereadKeyring(ctx context.Context) {
	before, err := os.Stat(a.cfg.KeyringFile)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			a.log.Warn("the keyring cannot be read, going on with the keys at hand", "error", err)
		}
		return
	}
	ring, err := loadKeyring(a.cfg)
	changed := false
	if err == nil {
		changed, err = a.storage.vault.Take(ctx, a.storage.system, ring)
	}
	if err != nil {
		if ctx.Err() == nil && (a.keys.seen == nil || !sameFile(a.keys.seen, before)) {
			a.log.Error("the keyring was changed and cannot be used, going on with the keys at hand", "error", err)
		}
		if !a.watcher.Fresh() {
			return // of the database rather than of the file: again next time
		}
		a.keys.seen = before
		return
	}
	a.keys.seen = before
	if !changed {
		return
	}
	a.log.Info("the keyring was read anew", "keys", strings.Join(a.storage.vault.Keys(), " "))
	a.replica.Hurry()
}

// rotateKeys does what there is to do of a rotation, if it is this server's turn.
func (a *app) rotateKeys(ctx context.Context) error {
	p, err := a.keys.rotator.Duty(ctx, a.keys.process)
	if p.Rewrapped+p.Renewed+p.Resealed > 0 {
		a.log.Info("rotated encryption keys", "rewrapped", p.Rewrapped, "renewed", p.Renewed, "resealed", p.Resealed)
	}
	return err
}
