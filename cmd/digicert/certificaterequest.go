// The flags that say which certificate is asked for.

package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// certificateFlags are the flags that orders, reissues and duplicates have.
func certificateFlags() []cli.Flag {
	return []cli.Flag{
		csrFlag("the certificate signing request, PEM or base64"),
		&cli.StringFlag{Name: "common-name", Usage: "common `name` of the certificate"},
		&cli.StringSliceFlag{Name: "dns-name", Usage: "further DNS `name`; may be repeated"},
		&cli.BoolFlag{Name: "names-from-csr", Usage: "take names that are not given from the CSR; the service does not"},
		&cli.StringFlag{Name: "signature-hash", Usage: "`hash` of the signature: sha256 (the default), sha384 or sha512"},
		&cli.IntFlag{Name: "server-platform", Usage: "`id` of the server platform; -1 is any other", HideDefault: true},
		&cli.StringFlag{Name: "ca-cert-id", Usage: "`id` of the CA certificate, one that the product allows"},
		&cli.IntFlag{Name: "certificate-years", Usage: "validity of the certificate in `years`, for multi-year plans", HideDefault: true},
		&cli.IntFlag{Name: "certificate-days", Usage: "validity of the certificate in `days`, for multi-year plans", HideDefault: true},
		&cli.StringFlag{Name: "certificate-expires", Usage: "last `day` of the certificate, such as 2027-03-31 or 90d, for multi-year plans"},
		&cli.BoolFlag{Name: "skip-approval", Usage: "skip the approval; the key needs permission for that"},
		&cli.StringFlag{Name: "comments", Usage: "`text` for those who approve"},
		&cli.StringFlag{Name: "extra", Usage: "further members of the body as a `JSON` object, or @FILE; those of its \"certificate\" are added to the certificate"},
	}
}

func csrFlag(what string) cli.Flag {
	return &cli.StringFlag{Name: "csr", TakesFile: true, Usage: "`file` with " + what + "; - is standard input"}
}

// readInput reads the file that a flag names, or standard input. Either may be a pipe that nobody writes, which a signal ends.
func readInput(ctx context.Context, flag, path string) (string, error) {
	const limit = 1 << 20
	content, err := waitFor(ctx, func() ([]byte, error) {
		if path == "-" {
			return atMostBytes(os.Stdin, limit)
		}
		return readLimited(path, limit)
	})
	switch {
	case interrupted(ctx, err):
		return "", err
	case err != nil:
		return "", usageErrorf("--%s: %w", flag, err)
	}
	return string(content), nil
}

// certificateRequest returns the certificate that the flags ask for, and the other members of --extra.
func certificateRequest(ctx context.Context, c *cli.Command) (r digicert.CertificateRequest, extra map[string]any, err error) {
	r = digicert.CertificateRequest{
		CommonName: c.String("common-name"), DNSNames: c.StringSlice("dns-name"), SignatureHash: c.String("signature-hash"), CACertID: c.String("ca-cert-id"),
	}
	if path := c.String("csr"); path != "" {
		if r.CSR, err = readInput(ctx, "csr", path); err != nil {
			return r, nil, err
		}
	}
	if c.Bool("names-from-csr") {
		if err := takeNames(&r); err != nil {
			return r, nil, err
		}
	}
	if c.IsSet("server-platform") {
		r.ServerPlatformID = new(c.Int("server-platform"))
	}
	if r.Validity, err = validityOf(c, "certificate-"); err != nil {
		return r, nil, err
	}
	extra, err = extraOf(ctx, c)
	if err != nil {
		return r, nil, err
	}
	if of, ok := extra["certificate"]; ok {
		if r.Extra, ok = of.(map[string]any); !ok {
			return r, nil, usageErrorf(`--extra: "certificate" must be an object`)
		}
		delete(extra, "certificate")
	}
	return r, extra, nil
}

// takeNames copies the names of the CSR.
func takeNames(r *digicert.CertificateRequest) error {
	block, _ := pem.Decode([]byte(r.CSR))
	if block == nil {
		return usageErrorf("--names-from-csr needs a CSR in PEM")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return usageErrorf("--names-from-csr: the CSR cannot be parsed")
	}
	if r.CommonName == "" {
		r.CommonName = csr.Subject.CommonName
	}
	for _, name := range csr.DNSNames {
		switch {
		case r.CommonName == "":
			r.CommonName = name
		case name != r.CommonName:
			r.DNSNames = append(r.DNSNames, name)
		}
	}
	return nil
}

// validityOf returns the validity that the flags with a prefix say.
func validityOf(c *cli.Command, prefix string) (v digicert.Validity, err error) {
	for _, n := range []struct {
		flag  string
		value *int
	}{{"years", &v.Years}, {"days", &v.Days}} {
		if flag := prefix + n.flag; c.IsSet(flag) {
			if *n.value = c.Int(flag); *n.value <= 0 {
				return v, usageErrorf("--%s %d is not positive", flag, *n.value)
			}
		}
	}
	if text := c.String(prefix + "expires"); text != "" {
		v.CustomExpirationDate, err = parseDay(prefix+"expires", text, future)
	}
	return v, err
}

// extraOf returns the object of --extra.
func extraOf(ctx context.Context, c *cli.Command) (map[string]any, error) {
	text := c.String("extra")
	if path, ok := strings.CutPrefix(text, "@"); ok {
		var err error
		if text, err = readInput(ctx, "extra", path); err != nil {
			return nil, err
		}
	}
	if text == "" {
		return nil, nil
	}
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(&object); err != nil || d.More() || object == nil {
		return nil, usageErrorf("--extra must be one JSON object")
	}
	return object, nil
}

// customFieldsOf parses the values of --custom-field.
func customFieldsOf(c *cli.Command) (fields []digicert.CustomField, err error) {
	for _, text := range c.StringSlice("custom-field") {
		id, value, ok := strings.Cut(text, "=")
		n, err := strconv.ParseInt(id, 10, 64)
		if !ok || err != nil || n <= 0 {
			return nil, usageErrorf("--custom-field %q must be like 12=VALUE, with the metadata id of the field", text)
		}
		fields = append(fields, digicert.CustomField{MetadataID: n, Value: value})
	}
	return fields, nil
}

// namesOf describes the names of a certificate in a question.
func namesOf(r digicert.CertificateRequest) string {
	switch n := len(r.DNSNames); {
	case r.CommonName == "" && n == 0:
		return "the names of the order"
	case r.CommonName == "":
		return strings.Join(r.DNSNames, ", ")
	case n == 0:
		return r.CommonName
	case n == 1:
		return r.CommonName + " and " + r.DNSNames[0]
	default:
		return fmt.Sprintf("%s and %d more names", r.CommonName, n)
	}
}

// createReissueParams returns the parameters of a reissue or duplicate that the flags say.
func createReissueParams(ctx context.Context, c *cli.Command) (*digicert.CreateReissueParams, error) {
	certificate, extra, err := certificateRequest(ctx, c)
	if err != nil {
		return nil, err
	}
	p := &digicert.CreateReissueParams{
		Certificate: certificate, SkipApproval: c.Bool("skip-approval"), Comments: c.String("comments"), Extra: maps.Clone(extra), SentBefore: c.Bool("sent-before"),
	}
	if text := c.String("since"); text != "" {
		p.Since, err = parseTime("since", text)
	} else if p.SentBefore {
		err = usageErrorf("--sent-before needs --since, the time of the first try")
	}
	return p, err
}

// repeatFlags are the flags by which a reissue or duplicate is found that was asked for before.
func repeatFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "since", Usage: "return one with this CSR and these names that was requested since this `time`: " + timeForms},
		&cli.BoolFlag{Name: "sent-before", Usage: "an earlier run may have sent it: search longer before sending"},
	}
}
