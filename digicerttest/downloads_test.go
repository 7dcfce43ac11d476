package digicerttest_test

import (
	"archive/zip"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

func TestDownloadFormats(t *testing.T) {
	t.Parallel()
	s := certificateServer(t)
	chain := chainOf(t, get(t, s, "/certificate/70/chain"))
	download := func(format, mediaType string) string {
		got := get(t, s, "/certificate/70/download/format/"+format)
		require.Equal(t, 200, got.status)
		require.Equal(t, mediaType, got.header.Get("Content-Type"), format)
		return got.body
	}
	same := func(want, got []*x509.Certificate) {
		t.Helper()
		require.Len(t, got, len(want))
		for i := range want {
			require.True(t, want[i].Equal(got[i]), i)
		}
	}
	const pemType = "application/x-pem-file"
	same(chain, parsePEM(t, download("pem_all", pemType)))
	same(chain[:2], parsePEM(t, download("pem_noroot", pemType)))
	same(chain[:1], parsePEM(t, download("pem_nointermediate", pemType)))
	require.Equal(t, string(chain[0].Raw), download("cer", "application/pkix-cert"))

	block, rest := pem.Decode([]byte(download("p7b", "application/x-pkcs7-certificates")))
	require.Equal(t, "PKCS7", block.Type)
	require.Empty(t, rest)
	var p7 struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version      int
			Algorithms   asn1.RawValue
			Data         asn1.RawValue
			Certificates asn1.RawValue
			Signers      asn1.RawValue
		} `asn1:"explicit,tag:0"`
	}
	rest, err := asn1.Unmarshal(block.Bytes, &p7)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Equal(t, "1.2.840.113549.1.7.2", p7.Type.String())
	require.Equal(t, 1, p7.Content.Version)
	require.Equal(t, asn1.ClassContextSpecific, p7.Content.Certificates.Class)
	require.Equal(t, []byte{0x31, 0}, p7.Content.Signers.FullBytes, "an empty set")
	bundle, err := x509.ParseCertificates(p7.Content.Certificates.Bytes)
	require.NoError(t, err)
	same(chain, bundle)

	for format, names := range map[string][]string{
		"default_pem": {"star_a_example.pem", "intermediate.pem", "root.pem"},
		"apache":      {"star_a_example.crt", "intermediate.crt"},
	} {
		body := download(format, "application/zip")
		z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
		require.NoError(t, err)
		var got []string
		var certs []*x509.Certificate
		for _, f := range z.File {
			got = append(got, f.Name)
			r, err := f.Open()
			require.NoError(t, err)
			text, err := io.ReadAll(r)
			require.NoError(t, err)
			certs = append(certs, parsePEM(t, string(text))...)
		}
		require.Equal(t, names, got)
		same(chain[:len(names)], certs)
	}

	for _, format := range []digicert.DownloadFormat{"pem_all", "cer"} {
		file, err := s.Client().Certificates.Download(t.Context(), 70, format)
		require.NoError(t, err)
		certs, err := file.Certificates("AB1")
		require.NoError(t, err)
		require.True(t, certs[0].Equal(chain[0]))
	}
}

// TestFaultsOfDownloads checks that a download is cut and padded like any body, and never altered.
func TestFaultsOfDownloads(t *testing.T) {
	t.Parallel()
	const path = "/certificate/101015/download/format/cer"
	eachWay(t, func(t *testing.T, s *digicerttest.Server, hc *http.Client) {
		ask := func(faults ...digicerttest.Fault) (reply, error) {
			s.ClearFaults()
			require.NoError(t, s.Inject(faults...))
			return send(t, hc, http.MethodGet, s.URL()+path, s.Key())
		}
		whole, err := ask()
		require.NoError(t, err)
		for _, tt := range []struct {
			fault digicerttest.Fault
			want  error
			body  string
		}{
			{digicerttest.Truncate(), io.ErrUnexpectedEOF, whole.body[:len(whole.body)/2]},
			{digicerttest.TruncateSilently(), nil, whole.body[:len(whole.body)/2]},
			{digicerttest.ResetInBody(), syscall.ECONNRESET, whole.body[:len(whole.body)/2]},
			{digicerttest.Reset(), syscall.ECONNRESET, ""},
			{digicerttest.Drip(100, time.Nanosecond), nil, whole.body},
			{digicerttest.HugeBody(1 << 20), nil, strings.Repeat(" ", 1<<20) + whole.body},
			{digicerttest.HTMLPage(200), nil, "*<h1>200 OK</h1>"},
		} {
			got, err := ask(tt.fault)
			require.ErrorIs(t, err, tt.want, tt.fault)
			if part, ok := strings.CutPrefix(tt.body, "*"); ok {
				require.Contains(t, got.body, part)
				continue
			}
			require.True(t, tt.body == got.body, tt.fault)
		}
		faulted := s.Stats().Faulted
		got, err := ask(
			digicerttest.Nulls().Times(1), digicerttest.MissingKeys(), digicerttest.NumbersAsStrings(),
			digicerttest.EmptyArraysForObjects(), digicerttest.DuplicateRows(), digicerttest.RepeatPrimary(), digicerttest.ChildAccounts(),
		)
		require.NoError(t, err)
		require.Equal(t, whole.body, got.body)
		require.Equal(t, "application/pkix-cert", got.header.Get("Content-Type"))
		require.Equal(t, faulted, s.Stats().Faulted)
		chain, err := send(t, hc, http.MethodGet, s.URL()+"/certificate/112232/chain", s.Key())
		require.NoError(t, err)
		require.JSONEq(t, `{"intermediates":null}`, chain.body, "the fault was not used up")
	})
}

func TestDownloadEndpoints(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id, doc := place(t, s, "ssl_wildcard", "certificate.common_name", "*.example.com", "certificate.dns_names", nil)
	leaf := doc["certificate_chain"].([]any)[0].(m)["pem"].(string)
	certificate := fmt.Sprint(doc["certificate_id"])
	for path, want := range map[string]string{ // media type and the end of the file name
		"/certificate/" + certificate + "/download/format/pem_all":          "application/x-pem-file .pem",
		"/certificate/" + certificate + "/download/format/pem":              "application/x-pem-file .pem",
		"/certificate/" + certificate + "/download/format/crt":              "application/x-pem-file .crt",
		"/certificate/" + certificate + "/download/format/default":          "application/zip .zip",
		"/certificate/" + certificate + "/download/platform":                "application/zip .zip",
		"/certificate/" + certificate + "/download/platform/2":              "application/zip .zip",
		"/certificate/" + certificate + "/download/platform/29":             "application/x-pem-file .pem",
		fmt.Sprintf("/certificate/download/order/%d", id):                   "application/zip .zip",
		fmt.Sprintf("/certificate/download/order/%d/format/pem_noroot", id): "application/x-pem-file .pem",
		fmt.Sprintf("/certificate/download/order/%d?formatType=cer", id):    "application/pkix-cert .cer",
	} {
		got := get(t, s, path)
		require.Equal(t, 200, got.status, path)
		_, ext, _ := strings.Cut(want, " ")
		require.Equal(t, strings.TrimSuffix(want, " "+ext), got.header.Get("Content-Type"), path)
		require.Equal(t, fmt.Sprintf(`attachment; filename="star_example_com_%s%s"`, certificate, ext), got.header.Get("Content-Disposition"), path)
		if ext == ".pem" || ext == ".crt" {
			require.True(t, strings.HasPrefix(got.body, leaf), path)
		}
	}
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 50}))
	for path, code := range map[string]string{
		"/certificate/download/order/99":                           "not_found|order",
		"/certificate/download/order/50":                           "not_found|certificate",
		"/certificate/download/order/50?subId=001":                 "not_found|certificate",
		fmt.Sprintf("/certificate/download/order/%d/format/x", id): "not_found|format",
		"/certificate/99/download/platform":                        "not_found|certificate",
		"/certificate/0/download/platform/1":                       "not_found|certificate",
	} {
		requireError(t, get(t, s, path), 404, code)
	}
}
