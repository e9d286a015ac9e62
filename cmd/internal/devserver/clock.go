package devserver

import (
	"sync/atomic"
	"time"
)

// Clock is the real clock, moved ahead by a length that can be raised: so one can see what happens when a hold ends. Temporal's own timers
// do not follow it.
type Clock struct{ ahead atomic.Int64 }

// Now is the present instant on this clock.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Advance moves the clock ahead by d.
func (c *Clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }
