// The sandbox command.

package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert/digicerttest"
)

// sandbox returns the command that serves package digicerttest, for the tests of clients in any language.
func (a *app) sandbox() *cli.Command {
	return &cli.Command{
		Name:  "sandbox",
		Usage: "serve an in-memory CertCentral on loopback until SIGINT or SIGTERM",
		Description: `The sandbox prints its URL and an API key with all permissions. It holds the documented samples, or generated orders if
--orders is set. It stores nothing on disk. Every user of this machine can connect to it.

It refuses requests whose Host header a web page could have. It accepts localhost and loopback addresses; with --allow-remote also any
address and any name without a dot; and the names of --allow-host.

A test controls it under /_sandbox/ of the same address, with JSON: it adds orders, sets statuses, adds faults, moves and stops the clock, lists and
counts requests, and resets the sandbox. GET /_sandbox/ lists the endpoints.

A fault makes the sandbox misbehave. The faults are documented at digicerttest.ParseFault:

   go doc github.com/go-digicert/digicert/digicerttest.ParseFault

Examples:
   digicert sandbox --addr 127.0.0.1:8080
   curl -X PUT -H 'Content-Type: application/json' -d '{"advance":"30d"}' http://127.0.0.1:8080/_sandbox/clock
   digicert sandbox --addr 0.0.0.0:8080 --allow-remote --allow-host sandbox.ci.example.com
   digicert sandbox --orders 100000 --latency 700ms --rate-limits
   digicert sandbox --approval --dcv 2 --issue-delay 30s --fault lose-answer,share=0.2,seed=7
   digicert sandbox --fault status=503,times=2 --fault reset,share=0.05,seed=7`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "addr", Usage: "address `HOST:PORT` to listen on (port 0 = any free port)", Value: "127.0.0.1:0"},
			&cli.BoolFlag{Name: "allow-remote", Usage: "allow an --addr that others can reach, as in a container; anybody who reaches it controls it"},
			&cli.StringSliceFlag{Name: "allow-host", Usage: "answer requests for this host `name` too; may be repeated"},
			&cli.IntFlag{Name: "orders", Usage: "number of generated subaccount orders, which replace the samples", HideDefault: true},
			&cli.Uint64Flag{Name: "seed", Usage: "seed of the generated orders", Value: 1},
			&cli.StringFlag{Name: "latency", Usage: "delay of every response, a `duration` such as 700ms"},
			&cli.BoolFlag{Name: "rate-limits", Usage: "enforce the documented rate limits"},
			&cli.BoolFlag{Name: "approval", Usage: "orders, reissues and duplicates wait for an approval"},
			&cli.BoolFlag{Name: "revocations-approved", Usage: "revocations need no approval"},
			&cli.IntFlag{Name: "dcv", Usage: "orders wait for domain validation; of the checks of each, this `number` fails (negative = all)", HideDefault: true},
			&cli.StringFlag{Name: "issue-delay", Usage: "what is approved and validated is issued after this `duration`"},
			&cli.IntFlag{Name: "issue-after-reads", Usage: "what is approved and validated is issued after this `number` of GET requests", HideDefault: true},
			&cli.StringSliceFlag{Name: "fault", Usage: "inject the fault given by `spec`; may be repeated"},
		},
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if err := cmp.Or(noArgs(c), refuseService(c)); err != nil {
				return err
			}
			allowed, err := hostsOf(c, c.Bool("allow-remote"), "--allow-remote")
			if err != nil {
				return err
			}
			opts, err := sandboxOptions(c)
			if err != nil {
				return err
			}
			var faults []digicerttest.Fault
			for _, spec := range c.StringSlice("fault") {
				fault, err := digicerttest.ParseFault(spec)
				if err != nil {
					return usageErrorf("--fault: %s", strings.TrimPrefix(err.Error(), "digicerttest: "))
				}
				faults = append(faults, fault)
			}
			controls, err := newControl(func() (*digicerttest.Server, error) {
				server, err := digicerttest.New(opts...)
				if err != nil {
					return nil, err
				}
				if err := server.Inject(faults...); err != nil {
					return nil, usageErrorf("--fault: %w", err)
				}
				if c.Bool("verbose") {
					server.OnRequest(func(r *http.Request) { fmt.Fprintf(a.err, "%s %s\n", r.Method, printable(r.URL.RequestURI())) })
				}
				return server, nil
			})
			if err != nil {
				return err
			}
			return a.serve(ctx, controls, c.String("addr"), allowed)
		}),
	}
}

// serve serves a sandbox and its control API until ctx ends.
func (a *app) serve(ctx context.Context, controls *control, addr string, allowed hosts) error {
	listener, err := listen(addr)
	if err != nil {
		return err
	}
	// Requests that hang end with it, and so with the sandbox.
	hung, cancel := context.WithCancel(context.Background())
	defer cancel()
	public := newHTTPServer(hung, boundAnswers(allowed.guard(controls)))
	type access struct {
		URL string `json:"url"`
		Key string `json:"key"`
	}
	return serveOn(ctx, a, listener, public, access{urlOf(listener) + digicerttest.BasePath, controls.server().Key()})
}

// sandboxOptions returns the options that the flags select.
func sandboxOptions(c *cli.Command) ([]digicerttest.Option, error) {
	latency, err := durationOf(c, "latency")
	if err != nil {
		return nil, err
	}
	opts := []digicerttest.Option{digicerttest.WithLatency(latency)}
	switch orders := c.Int("orders"); {
	case orders < 0:
		return nil, usageErrorf("--orders %d is negative", orders)
	case c.IsSet("orders"):
		opts = append(opts, digicerttest.WithOrders(c.Uint64("seed"), orders))
	case c.IsSet("seed"):
		return nil, usageErrorf("--seed requires --orders")
	}
	if c.Bool("rate-limits") {
		opts = append(opts, digicerttest.WithRateLimits())
	}
	if c.Bool("approval") {
		opts = append(opts, digicerttest.WithApproval())
	}
	if c.Bool("revocations-approved") {
		opts = append(opts, digicerttest.WithRevocationsApproved())
	}
	if c.IsSet("dcv") {
		opts = append(opts, digicerttest.WithDCV(c.Int("dcv")))
	}
	if n := c.Int("issue-after-reads"); n < 0 {
		return nil, usageErrorf("--issue-after-reads %d is negative", n)
	} else if n > 0 {
		opts = append(opts, digicerttest.WithIssueAfterReads(n))
	}
	delay, err := durationOf(c, "issue-delay")
	if err != nil {
		return nil, err
	}
	return append(opts, digicerttest.WithIssueDelay(delay)), nil
}
