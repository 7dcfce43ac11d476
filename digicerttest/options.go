// The options of a server.

package digicerttest

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/go-digicert/digicert"
)

// WithoutSamples makes the server start without orders. By default, and unless WithOrders is used, it has the
// documented samples:
//
//   - orders 123456 to 123458 of subaccounts,
//   - three reissues of order 123457,
//   - orders 259 to 265 of the account itself, whose status changed in the two minutes before the
//     start.
func WithoutSamples() Option {
	return func(c *config) error { c.withoutSample = true; return nil }
}

// WithOrders makes the server start with n generated orders instead of the samples; see
// [Server.Generate].
func WithOrders(seed uint64, n int) Option {
	return func(c *config) error {
		if n < 0 {
			return fmt.Errorf("WithOrders: the number of orders, %d, is negative", n)
		}
		c.generate = append(c.generate, generation{seed, n})
		return nil
	}
}

// WithClock sets the server's clock; see [Server.SetClock].
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("WithClock: the function is nil")
		}
		c.clock = now
		return nil
	}
}

// WithAddr sets the address on which Start and NewServer listen, such as "127.0.0.1:8080". Anyone who
// can reach the address can use the server.
func WithAddr(hostPort string) Option {
	return func(c *config) error {
		if _, _, err := net.SplitHostPort(hostPort); err != nil {
			return fmt.Errorf("WithAddr: %w", err)
		}
		c.addr = hostPort
		return nil
	}
}

// WithRateLimits enforces rolling windows per key; a request must be within all of them. The default
// windows are the documented ones, 100 requests per 5 s and 1000 per 3 min. A request at time t is refused
// if a window (t−Per, t] is full. That refused requests do not count is a guess.
func WithRateLimits(windows ...digicert.Window) Option {
	return func(c *config) error {
		if len(windows) == 0 {
			windows = []digicert.Window{{Requests: 100, Per: 5 * time.Second}, {Requests: 1000, Per: 3 * time.Minute}}
		}
		for _, w := range windows {
			if w.Requests <= 0 || w.Per <= 0 {
				return fmt.Errorf("WithRateLimits: %d requests per %s: both must be positive", w.Requests, w.Per)
			}
		}
		c.windows = append([]digicert.Window(nil), windows...)
		return nil
	}
}

// WithMountainTime sets the time zone of the range of status changes. The default is UTC−6 all year,
// the documented "MDT". Whether the service changes to UTC−7 in winter, like America/Denver, is not
// known.
func WithMountainTime(loc *time.Location) Option {
	return func(c *config) error {
		if loc == nil {
			return errors.New("WithMountainTime: the location is nil")
		}
		c.mountain = loc
		return nil
	}
}

// WithPageLimit limits pages to n rows, 1 to 1000, even if the limit of a request is higher. The page
// object has the applied limit.
func WithPageLimit(n int) Option {
	return func(c *config) error {
		if n < 1 || n > maxPageLimit {
			return fmt.Errorf("WithPageLimit: %d is outside 1 to %d", n, maxPageLimit)
		}
		c.pageLimit = n
		return nil
	}
}

// WithLatency delays every response by d; recordings of the real service show 0.7 to 1.0 s. The server
// handles a request when it arrives, but sets the Date header when the response is sent. A client
// that polls from Date to Date misses the changes between the two.
func WithLatency(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return fmt.Errorf("WithLatency: %s is negative", d)
		}
		c.latency = d
		return nil
	}
}

// WithoutSubaccounts removes the subaccounts feature from the account: the error of the endpoints for
// subaccounts is access_denied|missing_permission for every key.
func WithoutSubaccounts() Option {
	return func(c *config) error { c.noSubaccounts = true; return nil }
}

// WithKey adds a key; see [Server.AddKey].
func WithKey(key string, opts ...KeyOption) Option {
	return func(c *config) error {
		c.keys = append(c.keys, newKeyEntry(key, opts))
		return nil
	}
}

// WithDrift makes orders appear and vanish between pages; see [Server.Drift].
func WithDrift(seed uint64, insertShare, removeShare float64) Option {
	return func(c *config) error {
		d, err := newDrift(seed, insertShare, removeShare)
		c.drift = d
		return err
	}
}
