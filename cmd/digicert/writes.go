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
		&cli.BoolFlag{Name: "dry-run", Usage: "print the request and send nothing; needs no API key"},
	)
}

// write is what a command that writes does.
type write struct {
	question string // about what will happen; "": it is not asked about, because it can be undone or repeated
	do       func(ctx context.Context, client *digicert.Client) error
}

// forWrite returns the action of a command that writes. prepare reads arguments and flags.
func forWrite(a *app, prepare func(c *cli.Command) (write, error)) cli.ActionFunc {
	return a.action(func(ctx context.Context, c *cli.Command) error {
		w, err := prepare(c)
		if err != nil {
			return err
		}
		// The parameters are checked before anything is asked.
		dry := &recorder{}
		if err := w.do(ctx, dry.client()); dry.method == "" {
			return byFlag(err)
		}
		if c.Bool("dry-run") {
			return a.printRequest(c, dry)
		}
		if w.question != "" && !c.Bool("yes") {
			if err := a.confirm(ctx, c, w.question); err != nil {
				return err
			}
		}
		client, err := a.connect(c)
		if err != nil {
			return err
		}
		return byFlag(w.do(ctx, client))
	})
}

// printRequest prints the request that would be sent.
func (a *app) printRequest(c *cli.Command, r *recorder) error {
	base := "the in-memory service"
	if !c.Bool("demo") {
		from, err := settings(c)
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

// recorder is a service that has nothing and takes nothing: it keeps the write that it is sent.
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

// RoundTrip answers the looks before a write: what they ask for is there, and nothing was done to it yet.
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

// flagsOfParams are the flags that set the parameters of package digicert which a *ParamError names.
var flagsOfParams = map[string]string{
	"certificate.csr": "--csr", "CSR": "--csr", "certificate.common_name": "--common-name", "certificate.dns_names": "--dns-name",
	"certificate.signature_hash": "--signature-hash", "certificate.ca_cert_id": "--ca-cert-id",
	"certificate.cert_validity": "--certificate-years, --certificate-days and --certificate-expires", "certificate.cert_validity.years": "--certificate-years",
	"certificate.cert_validity.days": "--certificate-days", "certificate.cert_validity.custom_expiration_date": "--certificate-expires",
	"order_validity": "--years, --days and --expires", "order_validity.years": "--years", "order_validity.days": "--days", "order_validity.custom_expiration_date": "--expires",
	"organization.id": "--organization", "container.id": "--container", "renewal_of_order_id": "--renewal-of", "alternative_order_id": "--alternative-id",
	"filters[date_created]": "--created:", "filters[valid_till]": "--valid-till:", "filters[status_last_updated]": "--between:", "sort": "--sort", "limit": "--limit",
	"path": "PATH", "WithBaseURL": "--base-url:", "seconds": "--last:", "minutes": "--last:", "Start": "--since:", "serial_number": "--serial-number",
	"dcv_method": "the method", "payment_method": "--payment-method", "additional_emails": "--email", "comments": "--comments", "processor_comment": "--comment",
	"note": "--note", "revocation_reason": "--reason", "product_name_id": "PRODUCT", "CertificateID": "--certificate", "Interval": "--interval",
}

// byFlag names the flag in the error of a parameter.
func byFlag(err error) error {
	var refused *digicert.ParamError
	if !errors.As(err, &refused) {
		return err
	}
	name := flagsOfParams[refused.Param]
	if name == "" && strings.HasPrefix(refused.Param, "custom_fields[") {
		name = "--custom-field"
	}
	if strings.HasSuffix(refused.Param, "_validity") {
		return usageErrorf("only one of %s may be given", name)
	}
	reason := strings.NewReplacer(" Extra", " --extra", " with CSR", " with --csr").Replace(refused.Reason)
	if name == "" { // such as the key
		return err
	}
	return usageErrorf("%s %s", name, reason)
}

// found reports that nothing was sent, or that its answer was lost.
func (a *app) found(isFound bool, format string, args ...any) {
	if isFound {
		fmt.Fprintf(&a.log, "digicert: "+format+": it was there already, or the answer was lost\n", args...)
	}
}
