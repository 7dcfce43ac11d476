// The inventory serve command.

package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/inventory"
)

func (a *app) inventoryServe() *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "serve the report, metrics and a health check over HTTP until SIGINT or SIGTERM",
		Description: `   /         the report, created again when the database has changed
   /metrics  metrics for Prometheus: orders, certificates, certificates by days left, the age of the last sync
   /healthz  200, or 503 if the last complete sync is older than --stale; it needs no token

Every user of this machine can connect to a loopback address. Other addresses need --token-file: each request must then have the header
"Authorization: Bearer TOKEN". Use a reverse proxy for TLS, which can also add the header. A token in a URL is refused, because URLs end up in logs.

Requests with a Host that a web page could have are refused: on a loopback address, all except localhost and loopback addresses; otherwise,
names with a dot. --allow-host allows a name.

With --sync, the server also keeps the database up to date, and creates it if there is none. That needs the key.

Examples:
   digicert inventory serve
   digicert inventory serve --sync 5m --stale 1h
   digicert inventory serve --addr 0.0.0.0:8090 --token-file /etc/digicert/token --allow-host certificates.example.com`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "addr", Usage: "address `HOST:PORT` to listen on (port 0 = any free port)", Value: "127.0.0.1:8090"},
			&cli.StringFlag{Name: "token-file", TakesFile: true, Usage: "require the token in this `file`, at least 16 characters; allows an --addr that others can reach"},
			&cli.StringSliceFlag{Name: "allow-host", Usage: "answer requests for this host `name` too; may be repeated"},
			&cli.StringFlag{Name: "stale", DefaultText: "26h", Usage: "the last complete sync is too old after this `duration`"},
			&cli.StringFlag{Name: "sync", Usage: "sync once per `duration`, such as 5m"},
		}, syncFlags()...),
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if err := noArgs(c); err != nil {
				return err
			}
			token, err := a.tokenOf(ctx, c.String("token-file"))
			if err != nil {
				return err
			}
			allowed, err := hostsOf(c, token != "", "--token-file")
			if err != nil {
				return err
			}
			stale, err := positive(c, "stale")
			if err != nil {
				return err
			}
			every, err := positive(c, "sync")
			if err != nil {
				return err
			}
			params, err := syncParams(c)
			if err != nil {
				return err
			}
			s := &inventoryServer{token: token, stale: stale, now: time.Now}
			if stale == 0 {
				s.stale = oldSync
			}
			if c.Bool("verbose") {
				s.log = &a.log
			}
			s.warn = func(err error) { a.warn(c, "%s", reason(err)) }
			var client *digicert.Client
			if every > 0 {
				s.syncs = new(syncCounts)
				if client, err = a.connect(ctx, c, digicert.WithHTTPClient(s.syncs.client())); err != nil {
					return err
				}
			} else if err := onlyWith(c, "sync", "full", "full-every", "details", "reissues"); err != nil {
				return err
			}
			return a.withInventory(ctx, c, every > 0, func(inv *inventory.Inventory) error {
				s.inv = inv
				ctx, end := context.WithCancelCause(ctx)
				defer end(nil)
				var syncs sync.WaitGroup
				if every > 0 {
					syncs.Go(func() {
						if err := s.syncs.run(ctx, &syncer{app: a, c: c, inv: inv, client: client, params: params}, every); err != nil {
							end(err) // such as an invalid key
						}
					})
				}
				err := a.serveInventory(ctx, s, c.String("addr"), allowed)
				end(nil)
				syncs.Wait()
				return err
			})
		}),
	}
}

// onlyWith returns a usage error if one of flags is set, which need another flag.
func onlyWith(c *cli.Command, other string, flags ...string) error {
	for _, flag := range flags {
		if c.IsSet(flag) {
			return usageErrorf("--%s needs --%s", flag, other)
		}
	}
	return nil
}

// serveInventory serves an inventory until ctx ends.
func (a *app) serveInventory(ctx context.Context, s *inventoryServer, addr string, allowed hosts) error {
	listener, err := listen(addr)
	if err != nil {
		return err
	}
	s.ctx = ctx
	public := newHTTPServer(ctx, allowed.guard(s.handler()))
	public.ReadTimeout, public.WriteTimeout = headerTimeout, writeTimeout
	type access struct {
		URL string `json:"url"`
	}
	return serveOn(ctx, a, listener, public, access{urlOf(listener) + "/"})
}

// writeTimeout is how long a request may take: a report of a large inventory takes seconds.
const writeTimeout = 2 * time.Minute

// minToken is the minimum length of a token, in bytes. A shorter one can be guessed.
const minToken = 16

// tokenOf returns the token in a file, or "" if path is empty.
func (a *app) tokenOf(ctx context.Context, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	content, err := waitFor(ctx, func() ([]byte, error) { return readSecret(path) }) // which may be a pipe
	if ctx.Err() != nil {
		return "", err
	}
	if err != nil {
		return "", usageErrorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(content))
	switch {
	case len(token) < minToken:
		return "", usageErrorf("--token-file %q: the token is shorter than %d characters", path, minToken)
	case len(content) > maxKeyFile || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", usageErrorf("--token-file %q: the token must be one word of printable ASCII", path)
	}
	if info, err := os.Stat(path); err == nil {
		a.warnIfShared("token", path, info)
	}
	return token, nil
}

// syncCounts counts what the syncs of a server do.
type syncCounts struct {
	requests               atomic.Int64 // sent to the service, retries included
	complete, failed, busy atomic.Int64
}

// client returns an HTTP client that counts what it sends.
func (n *syncCounts) client() *http.Client {
	next := http.DefaultTransport.(*http.Transport).Clone()
	next.MaxIdleConnsPerHost = next.MaxIdleConns
	return &http.Client{Transport: countingTransport{next, &n.requests}}
}

type countingTransport struct {
	next     http.RoundTripper
	requests *atomic.Int64
}

func (t countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.requests.Add(1)
	return t.next.RoundTrip(r)
}

// run repeats the sync until ctx ends, and returns the first permanent error.
func (n *syncCounts) run(ctx context.Context, s *syncer, every time.Duration) error {
	s.failed = func(err error) {
		if errors.Is(err, inventory.ErrBusy) {
			n.busy.Add(1)
		} else {
			n.failed.Add(1)
		}
	}
	for _, err := range s.each(ctx, every) {
		if err != nil {
			return err
		}
		n.complete.Add(1)
	}
	return nil
}
