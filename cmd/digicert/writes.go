// Commands that write: they ask before they send, or show what they would send.

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// writeFlags are the flags of every command that writes.
func writeFlags(further ...cli.Flag) []cli.Flag {
	return append(further,
		&cli.BoolFlag{Name: "yes", Usage: "do not ask; needed where standard input is not a terminal"},
		&cli.BoolFlag{Name: "dry-run", Usage: "print the request, as text, and send nothing; needs no API key"},
	)
}

// write is the action of a command that writes.
type write struct {
	question string // for the user; "": the action needs none, because it can be undone or repeated
	do       func(ctx context.Context, client *digicert.Client) error
	prints   reflect.Type // the row that do prints; nil: none
}

// forWrite returns the action of a command that writes. prepare reads arguments and flags.
func forWrite(a *app, prepare func(ctx context.Context, c *cli.Command) (write, error)) cli.ActionFunc {
	return a.action(func(ctx context.Context, c *cli.Command) error {
		w, err := prepare(ctx, c)
		if err != nil {
			return err
		}
		// Everything is checked before anything is asked.
		if w.prints == nil {
			err = refuseRows(c)
		} else {
			err = a.look.check(columnsOf(w.prints))
		}
		if err != nil {
			return err
		}
		dry := &recorder{}
		if err := w.do(ctx, dry.client()); dry.method == "" {
			return err
		}
		if c.Bool("dry-run") {
			return a.printRequest(ctx, c, dry)
		}
		if w.question != "" && !c.Bool("yes") {
			if err := a.confirm(ctx, c, w.question); err != nil {
				return err
			}
		}
		client, err := a.connect(ctx, c)
		if err != nil {
			return err
		}
		return w.do(ctx, client)
	})
}

// printRequest prints the request that would be sent.
func (a *app) printRequest(ctx context.Context, c *cli.Command, r *recorder) error {
	base := "the in-memory service"
	if !c.Bool("demo") {
		from, err := a.settings(ctx, c)
		if err != nil {
			return err
		}
		if base, err = from.url(); err != nil {
			return err
		}
	}
	var body bytes.Buffer
	if len(r.body) > 0 {
		body.WriteByte('\n')
		if err := json.Indent(&body, r.body, "", "  "); err != nil {
			return err
		}
		body.WriteByte('\n')
	}
	_, err := fmt.Fprintf(a.out, "%s %s%s\n%s", r.method, base, r.path, &body)
	return err
}

// confirm asks a question on the terminal. Without one, or without a yes, it returns an error.
func (a *app) confirm(ctx context.Context, c *cli.Command, question string) error {
	if !isTerminal(os.Stdin) {
		return usageErrorf("%s asks before it sends, but standard input is not a terminal: --yes answers, --dry-run shows the request", c.FullName())
	}
	fmt.Fprintf(a.err, "%s [y/N] ", question)
	answers := make(chan string, 1)
	go func() { // a read cannot be interrupted
		line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case answer := <-answers:
		if answer == "y" || answer == "yes" {
			return nil
		}
		return errors.New("not confirmed; nothing was sent")
	case <-ctx.Done():
		fmt.Fprintln(a.err)
		return ctx.Err()
	}
}

// recorder is an empty service that records the write that it is sent.
type recorder struct {
	mu           sync.Mutex
	method, path string
	body         []byte
}

const recorderBase = "https://dry-run.invalid"

func (r *recorder) client() *digicert.Client {
	c, err := digicert.NewClient("dry-run", digicert.WithBaseURL(recorderBase), digicert.WithHTTPClient(&http.Client{Transport: r}),
		digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}), digicert.WithLimiter(digicert.Unlimited()), digicert.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err) // cannot happen: the options are valid
	}
	return c
}

var (
	errRecorded = errors.New("not sent")
	lastID      = regexp.MustCompile(`/(\d+)$`)
)

// RoundTrip answers the reads before a write: what they ask for exists, and nothing was done to it yet.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.Method != http.MethodGet {
		if r.method == "" {
			r.method, r.path = req.Method, req.URL.EscapedPath()
			if req.Body != nil {
				r.body, _ = io.ReadAll(req.Body) // of memory
			}
		}
		return nil, errRecorded
	}
	status, body := http.StatusOK, `{}`
	if strings.HasPrefix(req.URL.Path, "/order/alternate/") {
		status, body = http.StatusNotFound, `{"errors":[{"code":"not_found|order"}]}`
	} else if id := lastID.FindStringSubmatch(req.URL.Path); id != nil {
		body = `{"id":` + id[1] + `}`
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}

// printDone prints the result of a write. If it cannot be printed, what was done is reported on standard error, and the error is
// not one of usage: something was sent.
func printDone[T any](a *app, v T, format string, args ...any) error {
	err := one(a, v)
	if err == nil {
		return nil
	}
	done := fmt.Sprintf(format, args...)
	fmt.Fprintf(&a.log, "digicert: %s, but the result was not printed\n", done)
	if wrong, ok := errors.AsType[usageError](err); ok {
		return wrong.error
	}
	return err
}

// found reports that nothing was sent, or that its answer was lost.
func (a *app) found(isFound bool, format string, args ...any) {
	if isFound {
		fmt.Fprintf(&a.log, "digicert: "+format+": it was there already, or the answer was lost\n", args...)
	}
}
