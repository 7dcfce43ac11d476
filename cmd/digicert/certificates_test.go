// Tests of the certificates commands.

package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestCertificates(t *testing.T) {
	t.Parallel()
	server, s := sampleServer(t)
	chain, err := s.client(t).Certificates.Chain(t.Context(), 11)
	require.NoError(t, err)
	requireFormats(t, s, chain, "certificates", "chain", "11")
	text := s.ok(t, "certificates", "chain", "11", "--pem")
	require.Equal(t, text, s.ok(t, "certificates", "download", "11"), "the default is the whole chain")
	block, _ := pem.Decode([]byte(text))
	require.NotNil(t, block)
	cert, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	require.Equal(t, "www.example.com", cert.Subject.CommonName)
	require.Equal(t, 3, strings.Count(text, "BEGIN CERTIFICATE"))

	for _, format := range []digicert.DownloadFormat{"pem_noroot", "pem_nointermediate", "cer", "p7b", "default_pem", "apache"} {
		want, err := s.client(t).Certificates.Download(t.Context(), 11, format)
		require.NoError(t, err)
		require.Equal(t, string(want.Body), s.ok(t, "certificates", "download", "11", "--format", string(format)))
	}
	path := filepath.Join(t.TempDir(), "certificate.pem")
	serial := cert.SerialNumber.Text(16)
	require.Empty(t, s.ok(t, "certificates", "download", "11", "--serial-number", serial, "--out", path))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, text, string(b))

	require.NoError(t, server.Inject(digicerttest.WrongCertificate().On(digicerttest.Download)))
	r := s.run(t, "certificates", "download", "11", "--serial-number", serial, "--out", path)
	require.Equal(t, exitFailure, r.code)
	requireOneLine(t, r.stderr, "not the certificate asked for", serial)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, b, after, "the file is not replaced")
	for args, want := range map[string]string{
		"download 11 --format ../x":                  "must be letters, digits and underscores",
		"download 11 --format p7b --serial-number 1": "--serial-number cannot be checked",
		"download 11 --serial-number x":              "is not a hexadecimal number",
		"download 11 -o json":                        "use --format",
		"chain 11 --pem -o json":                     "--pem and --output",
	} {
		r := s.run(t, append([]string{"certificates"}, strings.Fields(args)...)...)
		require.NotZero(t, r.code, args)
		requireOneLine(t, r.stderr, want)
	}
}
