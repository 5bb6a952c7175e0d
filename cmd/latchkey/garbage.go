package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// garbage is how much of it may lie about before it is collected. Go's own measure
// is as much as there is in use, which has a small server collect all the time and
// a large one hold twice what it needs.
const garbage = 64 << 20

// collectInProportion keeps the garbage collector's aim at that until ctx ends,
// unless the operator set it with GOGC.
func collectInProportion(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for now := 100; ; {
		metrics.Read(live)
		next := min(max(100*garbage/max(int(live[0].Value.Uint64()), 1<<20), 50), 250)
		if 5*max(next-now, now-next) > now { // a lesser change is not worth stopping the world
			debug.SetGCPercent(next)
			now = next
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
