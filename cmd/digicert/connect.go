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
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

const keyVariable = "DIGICERT_API_KEY"

// connectionFlags say which service is meant, and who asks.
func connectionFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "region", Value: "us", Usage: "the account's `region`, us or eu"},
		&cli.StringFlag{Name: "base-url", Usage: "the `URL` of a server that stands in for the service, such as a sandbox"},
		&cli.StringFlag{Name: "api-key-file", TakesFile: true, Usage: "the `file` that holds the API key; without it " + keyVariable + " does"},
		&cli.StringSliceFlag{
			Name:        "pace",
			DefaultText: "100/5s and 1000/3m",
			Usage:       "send at most so many requests in so much `N/TIME`, such as 50/5s; off does not pace, and is for a sandbox",
		},
		&cli.BoolFlag{Name: "demo", Usage: "ask an in-memory service with generated orders; needs no key"},
		&cli.BoolFlag{Name: "verbose", Usage: "log every request on standard error, not only what had to be repeated"},
	}
}

// connect returns the client that the flags describe.
func (a *app) connect(c *cli.Command) (*digicert.Client, error) {
	level := slog.LevelWarn
	if c.Bool("verbose") {
		level = slog.LevelDebug
	}
	opts := []digicert.Option{
		digicert.WithUserAgent("digicert-cli/" + digicert.Version),
		digicert.WithLogger(slog.New(slog.NewTextHandler(&a.log, &slog.HandlerOptions{Level: level}))),
	}
	if c.Bool("demo") {
		for _, name := range []string{"region", "base-url", "api-key-file", "pace"} {
			if c.IsSet(name) {
				return nil, usageErrorf("--demo has a service of its own, and --%s is for another", name)
			}
		}
		return demo(opts)
	}
	baseURL, err := baseURLOf(c)
	if err != nil {
		return nil, err
	}
	pace, err := paceOf(c.StringSlice("pace"), baseURL)
	if err != nil {
		return nil, err
	}
	if pace != nil {
		opts = append(opts, digicert.WithLimiter(pace))
	}
	opts = append(opts, digicert.WithBaseURL(baseURL))
	key, rotating, err := a.key(c.String("api-key-file"))
	if err != nil {
		return nil, err
	}
	if rotating != nil {
		key, opts = "", append(opts, digicert.WithAPIKeyFunc(rotating))
	}
	return digicert.NewClient(key, opts...)
}

func baseURLOf(c *cli.Command) (string, error) {
	if c.IsSet("base-url") {
		if c.IsSet("region") {
			return "", usageErrorf("--region and --base-url both say where the service is")
		}
		return c.String("base-url"), nil
	}
	switch region := c.String("region"); region {
	case "us":
		return digicert.BaseURLUS, nil
	case "eu":
		return digicert.BaseURLEU, nil
	default:
		return "", usageErrorf("--region %q is neither us nor eu", region)
	}
}

// paceOf reads the windows of --pace; nil where there are none, which leaves the package's own.
func paceOf(specs []string, baseURL string) (digicert.Limiter, error) {
	if len(specs) == 1 && specs[0] == "off" {
		// WithBaseURL takes http for loopback only, where the service is not.
		if !strings.HasPrefix(baseURL, "http:") {
			return nil, usageErrorf("--pace off is for a sandbox: the service would refuse the key's requests for minutes")
		}
		return digicert.PaceWith(unpaced{}), nil
	}
	var windows []digicert.Window
	for _, spec := range specs {
		requests, per, _ := strings.Cut(spec, "/")
		n, err := strconv.Atoi(requests)
		d, err2 := time.ParseDuration(per)
		if err := errors.Join(err, err2); err != nil || n <= 0 || d <= 0 {
			return nil, usageErrorf("--pace %q is not a number of requests and a time, such as 50/5s", spec)
		}
		windows = append(windows, digicert.Window{Requests: n, Per: d})
	}
	if windows == nil {
		return nil, nil
	}
	return digicert.NewRollingLimiter(windows...), nil
}

type unpaced struct{}

func (unpaced) Wait(ctx context.Context) error { return ctx.Err() }

// key returns the API key, or a function that reads it anew for every request, so that a file whose key is
// replaced does not end a watch.
func (a *app) key(path string) (key string, rotating func(context.Context) (string, error), err error) {
	if path == "" {
		if key = os.Getenv(keyVariable); key == "" {
			return "", nil, keyError{errNoKey}
		}
		return key, nil, nil
	}
	if key, err = readKey(path); err != nil {
		return "", nil, err
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() { // a pipe, which can be read only once
		return key, nil, nil
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		fmt.Fprintf(a.err, "digicert: warning: others can read or change the key file %q (mode %#o); chmod 600 helps\n", path, mode)
	}
	return key, func(context.Context) (string, error) { return readKey(path) }, nil
}

// maxKeyFile is far more than any key, in bytes: what is larger is another file.
const maxKeyFile = 4096

func readKey(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", keyError{fmt.Errorf("the key file: %w", err)}
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	key := strings.TrimSpace(string(content))
	switch {
	case err != nil:
		return "", keyError{fmt.Errorf("the key file: %w", err)}
	case len(content) > maxKeyFile:
		return "", keyError{fmt.Errorf("the key file %q holds more than a key", path)}
	case key == "":
		return "", keyError{fmt.Errorf("the key file %q is empty", path)}
	}
	return key, nil
}

// The orders of the demonstration.
const (
	demoSeed   = 1
	demoOrders = 2500
)

// demo returns a client of an in-memory service: the documented samples, generated orders, and one more change
// of status whenever the changes are asked for.
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
		const first, orders = 259, 7 // those of the samples that belong to the account itself
		statuses := []digicert.OrderStatus{digicert.OrderStatusReissuePending, digicert.OrderStatusIssued, digicert.OrderStatusRevoked}
		n := asked.Add(1)
		if err := server.SetStatus(digicert.OrderID(first+n%orders), statuses[n%int64(len(statuses))]); err != nil {
			panic(err) // the samples are there
		}
	})
	return server.Client(opts...), nil
}
