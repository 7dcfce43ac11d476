// The connection: from the flags and the API key to a client.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// connectionFlags returns the flags that select the service and the API key.
func connectionFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "profile", Usage: "use the settings of the `profile` with this name; see digicert config"},
		&cli.StringFlag{Name: "region", DefaultText: "us", Usage: "`region` of the account: us or eu"},
		&cli.StringFlag{Name: "base-url", Usage: "base `URL` of another server, such as a sandbox"},
		&cli.StringFlag{Name: "api-key-file", TakesFile: true, Usage: "read the API key from `file`, not from " + keyVariable},
		&cli.StringSliceFlag{
			Name:        "pace",
			DefaultText: "100/5s and 1000/3m",
			Usage:       "maximum rate `N/DURATION`, such as 50/5s; may be repeated; off = unlimited (sandbox only)",
		},
		&cli.BoolFlag{Name: "demo", Usage: "use an in-memory service with generated orders; needs no API key"},
		&cli.BoolFlag{Name: "verbose", Usage: "log every request to standard error, not only retries"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "neither show progress nor log retries"},
	}, redisFlags()...)
}

// connect returns a client as configured by the flags and by further options. --demo ignores these.
func (a *app) connect(ctx context.Context, c *cli.Command, more ...digicert.Option) (*digicert.Client, error) {
	level := slog.LevelWarn
	switch {
	case c.Bool("verbose"):
		level = slog.LevelDebug
	case c.Bool("quiet"):
		level = slog.LevelError
	}
	opts := []digicert.Option{
		digicert.WithUserAgent("digicert-cli/" + version),
		digicert.WithLogger(slog.New(slog.NewTextHandler(&a.log, &slog.HandlerOptions{Level: level}))),
	}
	if c.Bool("demo") {
		if err := exclude(c, "demo", append([]string{"profile"}, flagsOfSettings...)...); err != nil {
			return nil, err
		}
		return demo(opts)
	}
	from, err := a.settings(ctx, c)
	if err != nil {
		return nil, err
	}
	baseURL, err := from.url()
	if err != nil {
		return nil, err
	}
	windows, off, err := paceOf(from.paceName, from.pace, baseURL)
	if err != nil {
		return nil, err
	}
	common, err := a.shared(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case common != nil && off:
		return nil, usageErrorf("%s off and %s exclude each other", from.paceName, from.redisURLName)
	case common != nil:
		opts = append(opts, common.options(windows)...)
	case off:
		opts = append(opts, digicert.WithLimiter(digicert.Unlimited()))
	case len(windows) > 0:
		opts = append(opts, digicert.WithLimiter(digicert.NewRollingLimiter(windows...)))
	}
	opts = append(append(opts, digicert.WithBaseURL(baseURL)), more...)
	key, rotating, err := a.key(from)
	if err != nil {
		return nil, err
	}
	if rotating != nil {
		key, opts = "", append(opts, digicert.WithAPIKeyFunc(rotating))
	}
	return digicert.NewClient(key, opts...)
}

// paceOf parses the values of the setting with a name. off reports that there are to be no limits.
func paceOf(name string, specs []string, baseURL string) (windows []digicert.Window, off bool, err error) {
	if len(specs) == 1 && specs[0] == "off" {
		// WithBaseURL accepts http for loopback addresses only, so that this is a sandbox.
		if !strings.HasPrefix(baseURL, "http:") {
			return nil, false, usageErrorf("%s off is for a sandbox only: the service would answer 429 for minutes", name)
		}
		return nil, true, nil
	}
	for _, spec := range specs {
		requests, per, _ := strings.Cut(spec, "/")
		n, err := strconv.Atoi(requests)
		d, err2 := time.ParseDuration(per)
		if err := errors.Join(err, err2); err != nil || n <= 0 || d <= 0 {
			return nil, false, usageErrorf("%s %q is invalid, must be like 50/5s", name, spec)
		}
		windows = append(windows, digicert.Window{Requests: n, Per: d})
	}
	return windows, false, nil
}

// key returns the API key. If it is in a regular file or printed by a command, key returns a function that returns the current key for
// every attempt, so that a watch continues after the key was replaced.
func (a *app) key(from source) (key string, rotating func(context.Context) (string, error), err error) {
	switch {
	case from.keyCommand != "":
		rotating, err = a.keyFromCommand(from.keyCommand)
		return "", rotating, err
	case from.key != "":
		return from.key, nil, checkKey("the API key in "+keyVariable, from.key)
	case from.keyFile == "":
		return "", nil, keyError{errNoKey}
	}
	path := from.keyFile
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", nil, keyError{fmt.Errorf("the key file: %w", err)}
	case info.Mode()&(os.ModeNamedPipe|os.ModeCharDevice) != 0:
		return "", keyFromPipe(path), nil
	}
	if key, err = readKey(path); err != nil {
		return "", nil, err
	}
	a.warnIfShared("key", path, info)
	return key, func(context.Context) (string, error) { return readKey(path) }, nil
}

// warnIfShared warns if other users can read or change a file with a key or a token.
func (a *app) warnIfShared(secret, path string, info os.FileInfo) {
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		fmt.Fprintf(a.err, "digicert: warning: other users can read or change the %s file %q (mode %#o); run chmod 600\n", secret, path, mode.Perm())
	}
}

// keyFromPipe returns a function that returns the key from a pipe or a terminal. The key is read only once. A call waits no longer than
// its context allows, because a pipe may never be written.
func keyFromPipe(path string) func(context.Context) (string, error) {
	read := sync.OnceValues(func() (string, error) { return readKey(path) })
	return func(ctx context.Context) (string, error) { return waitFor(ctx, read) }
}

// maxKeyFile is the largest size of a key file, in bytes. It is far more than the size of a key:
// a larger file was named by mistake.
const maxKeyFile = 4096

// readSecret returns the content of a file, or its first maxKeyFile+1 bytes.
func readSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxKeyFile+1))
}

func readKey(path string) (string, error) {
	content, err := readSecret(path)
	key := strings.TrimSpace(string(content))
	switch {
	case err != nil:
		return "", keyError{fmt.Errorf("the key file: %w", err)}
	case len(content) > maxKeyFile:
		return "", keyError{fmt.Errorf("the key file %q is larger than %d bytes", path, maxKeyFile)}
	case key == "":
		return "", keyError{fmt.Errorf("the key file %q is empty", path)}
	}
	return key, checkKey(fmt.Sprintf("the API key in the file %q", path), key)
}

// checkKey returns an error if no request can be sent with a key, such as one with white space. The error calls the key name.
func checkKey(name, key string) error {
	_, err := digicert.NewClient(key)
	var refused *digicert.ParamError
	if errors.As(err, &refused) {
		return keyError{fmt.Errorf("%s cannot be used: %s", name, refused.Reason)}
	}
	return err
}

// The generated orders of --demo.
const (
	demoSeed   = 1
	demoOrders = 2500
)

// demo returns a client of an in-memory service with the documented samples and generated orders. Each request
// for status changes changes the status of one more order, so that a watch has something to print.
func demo(opts []digicert.Option) (*digicert.Client, error) {
	server, err := digicerttest.New()
	if err != nil {
		return nil, err
	}
	if err := server.Generate(demoSeed, demoOrders); err != nil {
		return nil, err
	}
	var asked atomic.Int64
	server.OnRequest(func(r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/status-changes") {
			return
		}
		const first, orders = 259, 7 // the samples that belong to the account itself
		statuses := []digicert.OrderStatus{digicert.OrderStatusReissuePending, digicert.OrderStatusIssued, digicert.OrderStatusRevoked}
		n := asked.Add(1)
		if err := server.SetStatus(digicert.OrderID(first+n%orders), statuses[n%int64(len(statuses))]); err != nil {
			panic(err) // cannot happen: the samples exist
		}
	})
	return server.Client(opts...), nil
}
