// The certificates commands.

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/internal/pemfile"
)

// certificatesChain returns the command that runs Certificates.Chain.
func (a *app) certificatesChain() *cli.Command {
	return &cli.Command{
		Name:      "chain",
		Usage:     "list a certificate and its chain up to the root",
		ArgsUsage: "CERTIFICATE_ID",
		Description: `The first row is the certificate itself.

Examples:
   digicert certificates chain 112227
   digicert certificates chain 112227 --pem >chain.pem`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "pem", Usage: "print the certificates in PEM format"},
		},
		Action: forID[digicert.ChainCertificate](a, func(ctx context.Context, c *cli.Command, client *digicert.Client, id digicert.CertificateID) error {
			if err := exclude(c, "pem", flagsOfRows...); err != nil {
				return err
			}
			chain, err := client.Certificates.Chain(ctx, id)
			if err != nil {
				return err
			}
			if !c.Bool("pem") {
				return list(a, listing{table: []string{"subject_common_name"}}, values(chain))
			}
			if err := checkPEM(id, chain); err != nil {
				return err
			}
			for _, certificate := range chain {
				if _, err := fmt.Fprintln(a.out, strings.TrimSpace(certificate.PEM)); err != nil {
					return err
				}
			}
			return nil
		}),
	}
}

// checkPEM returns an error unless a chain can be printed in PEM format: it has certificates, and all of them are whole.
func checkPEM(id digicert.CertificateID, chain []digicert.ChainCertificate) error {
	if len(chain) == 0 {
		return fmt.Errorf("the service sent no certificate for the chain of %d", id)
	}
	for _, certificate := range chain {
		if err := pemfile.Check([]byte(certificate.PEM)); err != nil {
			return fmt.Errorf("the chain's certificate %q: %w", certificate.SubjectCommonName, err)
		}
	}
	return nil
}

// certificatesDownload returns the command that runs Certificates.Download.
func (a *app) certificatesDownload() *cli.Command {
	return &cli.Command{
		Name:      "download",
		Usage:     "download a certificate",
		ArgsUsage: "CERTIFICATE_ID",
		Description: `The service has been seen to return another certificate of the same order. With --serial-number, that is an error.

Examples:
   digicert certificates download 112227 >certificate.pem
   digicert certificates download 112227 --format p7b --out certificate.p7b
   digicert certificates download 112227 --serial-number 0FDA --out certificate.pem`,
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name: "format", Value: string(digicert.FormatPEMAll),
				Usage: "download `format`: pem_all, pem_noroot, pem_nointermediate, cer or p7b; default_pem or apache for a zip archive",
			},
			&cli.StringFlag{Name: "serial-number", Usage: "fail unless the certificate has this serial `number` (PEM formats and cer only)"},
			&cli.StringFlag{Name: "out", TakesFile: true, Usage: "write to `file` (default, or -: standard output); it is replaced as a whole, and only if the download succeeds"},
		},
		Action: forID[struct{}](a, func(ctx context.Context, c *cli.Command, client *digicert.Client, id digicert.CertificateID) error {
			if err := refuseFlags(c, c.FullName()+" prints the file as received; use --format", "output", "no-headers"); err != nil {
				return err
			}
			format := digicert.DownloadFormat(c.String("format"))
			path := c.String("out")
			if (path == "" || path == "-") && a.out.terminal() && !strings.HasPrefix(string(format), "pem_") {
				return usageErrorf("--format %s is not printed on a terminal, use --out", format)
			}
			if err := checkSerial(c, format); err != nil {
				return err
			}
			download, err := client.Certificates.Download(ctx, id, format)
			if err != nil {
				return err
			}
			if c.IsSet("serial-number") {
				if _, err := download.Certificates(c.String("serial-number")); err != nil {
					return err
				}
			}
			if path != "" {
				return a.save(ctx, path, download.Body)
			}
			_, err = a.out.Write(download.Body)
			return err
		}),
	}
}

// checkSerial returns an error if --serial-number is not a number, or cannot be checked in a download of the format.
func checkSerial(c *cli.Command, format digicert.DownloadFormat) error {
	if !c.IsSet("serial-number") {
		return nil
	}
	_, err := (&digicert.Download{Format: format}).Certificates(c.String("serial-number"))
	switch {
	case errors.Is(err, pemfile.ErrNoCertificate): // nothing else was wrong
		return nil
	case errors.As(err, new(*digicert.ParamError)):
		return err
	}
	return usageErrorf("--serial-number cannot be checked in the format %s, only in the PEM formats and cer", format)
}
