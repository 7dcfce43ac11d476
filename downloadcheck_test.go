package digicert_test

import (
	"archive/zip"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// downloadFiles returns files of each format, as DigiCert or others send them.
func downloadFiles(t testing.TB) map[digicert.DownloadFormat][]string {
	t.Helper()
	one, two := newCertificate(t, "a1"), newCertificate(t, "b2")
	sequence := asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: slices.Concat(one, two)}
	pkcs7, err := asn1.Marshal(sequence)
	require.NoError(t, err)
	ber := "\x30\x80" + string(one) + "\x00\x00" // its end is not known in advance
	block := string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: pkcs7}))
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	w, err := z.Create("example_com.crt")
	require.NoError(t, err)
	_, err = w.Write(one)
	require.NoError(t, err)
	require.NoError(t, z.Close())

	text := []string{
		pemOf(one), pemOf(one) + pemOf(two), strings.ReplaceAll(pemOf(one), "\n", "\r\n"), "\n\n" + pemOf(one) + "\n",
		"subject=<a>\n" + pemOf(one), strings.TrimSpace(pemOf(one)),
		strings.ReplaceAll(pemOf(one), "CERTIFICATE", "TRUSTED CERTIFICATE"),
		pemOf(one) + string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: two})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})) + pemOf(one),
	}
	return map[digicert.DownloadFormat][]string{
		digicert.FormatPEMAll:            text,
		digicert.FormatPEMNoIntermediate: text,
		digicert.FormatPEMNoRoot:         text,
		digicert.FormatCER:               append([]string{string(one), string(one) + string(two)}, text...),
		digicert.FormatP7B:               {block, string(pkcs7), ber, pemOf(one), strings.ReplaceAll(block, "PKCS7", "PKCS #7 SIGNED DATA"), strings.ReplaceAll(block, "PKCS7", "CERTIFICATE")},
		digicert.FormatDefaultPEM:        {archive.String()},
		digicert.FormatApache:            {archive.String()},
		"brand_new":                      {"x", block, string(pkcs7), archive.String(), "\xfe\xed\xfe\xed", "key: value", `"id","name"` + "\n"},
	}
}

// otherFiles returns a revocation list, a certificate request and a private key, as DER.
func otherFiles(t testing.TB) (revoked, request, private []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	issuer := &x509.Certificate{KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}}
	revoked, err = x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1)}, issuer, key)
	require.NoError(t, err)
	request, err = x509.CreateCertificateRequest(rand.Reader, new(x509.CertificateRequest), key)
	require.NoError(t, err)
	private, err = x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return revoked, request, private
}

// mediaTypes are those under which a firewall may send its page, and none.
var mediaTypes = []string{
	"", "text/html; charset=utf-8", "application/json", "text/plain", "application/x-pem-file", "application/octet-stream", "application/zip",
}

// answering returns a client whose every answer is a body with a media type, or without one.
func answering(t *testing.T, mediaType, body string) *digicert.Client {
	return newService(func(*http.Request) (*http.Response, error) {
		resp := httpmock.NewStringResponse(http.StatusOK, body)
		if mediaType != "" {
			resp.Header.Set("Content-Type", mediaType)
		}
		return resp, nil
	}).client(t)
}

// TestDownloadPages checks that a page in place of a file is an error, whatever it is said to be.
func TestDownloadPages(t *testing.T) {
	t.Parallel()
	certificate := pemOf(newCertificate(t, "a1"))
	var wide []byte
	for _, unit := range utf16.Encode([]rune("\ufeff<html></html>")) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	revoked, _, private := otherFiles(t)
	block := func(blockType string, content []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: content}))
	}
	pages := map[string]struct{ body, known, unknown string }{ // what the message says, with an unknown format too: "" is no error
		"a page":             {htmlPage, "the body is HTML", "the body is HTML"},
		"doctype":            {"<!DOCTYPE html><p>Blocked", "the body is HTML", "the body is HTML"},
		"upper case":         {"<HTML><BODY>Blocked", "the body is HTML", "the body is HTML"},
		"only a tag":         {"<p>Blocked</p>", "the body is HTML", "the body is HTML"},
		"a comment":          {"<!-- generated --><html>", "the body is HTML", "the body is HTML"},
		"white space":        {"\r\n \t\f<html>", "the body is HTML", "the body is HTML"},
		"space before a BOM": {" \r\n\ufeff <html>", "the body is HTML", "the body is HTML"},
		"JSON after a BOM":   {"\n\ufeff\n[1]", "the body is JSON", "the body is JSON"},
		"only a BOM":         {" \ufeff\n", "the body is empty", "the body is empty"},
		"a revocation list":  {block("X509 CRL", revoked), "the body is not a ", ""},
		"only a key":         {block("PRIVATE KEY", private), "the body is not a ", ""},
		"a block of text":    {block("CERTIFICATE", []byte("Blocked")), "the body is not a ", ""},
		"a BOM":              {"\ufeff\n<html>", "the body is HTML", "the body is HTML"},
		"XHTML":              {`<?xml version="1.0"?>` + "\n<!DOCTYPE html>\n<html/>", "the body is HTML", "the body is HTML"},
		"another tag":        {"<meta charset=utf-8><center>Blocked", "the body is XML or HTML", "the body is XML or HTML"},
		"XML":                {`<?xml version="1.0"?><Error/>`, "the body is XML or HTML", "the body is XML or HTML"},
		"with a certificate": {"<html><pre>" + certificate, "the body is HTML", "the body is HTML"},
		"JSON":               {`{"certificates": []}`, "the body is JSON", "the body is JSON"},
		"no errors":          {`{"errors": []}`, "the body is JSON", "the body is JSON"},
		"a list":             {"\ufeff [1]", "the body is JSON", "the body is JSON"},
		"half of JSON":       {`{"error": "blo`, "the body is JSON", "the body is JSON"},
		"a string of JSON":   {`"blocked"`, "the body is JSON", "the body is JSON"},
		"null":               {"null\n", "the body is JSON", "the body is JSON"},
		"JSON and PEM":       {`{"pem": "` + certificate, "the body is JSON", "the body is JSON"},
		"text":               {"Access denied. Incident 5.", "the body is not a ", ""},
		"UTF-16":             {string(wide), "the body is not a ", ""},
		"NULs":               {strings.Repeat("\x00", 100), "the body is not a ", ""},
		"base64":             {base64.StdEncoding.EncodeToString([]byte("Blocked")), "the body is not a ", ""},
	}
	kinds := map[digicert.DownloadFormat]string{
		digicert.FormatPEMAll: "a PEM file", digicert.FormatPEMNoIntermediate: "a PEM file", digicert.FormatPEMNoRoot: "a PEM file",
		digicert.FormatCER: "a PEM or DER file", digicert.FormatP7B: "a PEM or DER file",
		digicert.FormatDefaultPEM: "a zip archive", digicert.FormatApache: "a zip archive",
	}
	for name, tc := range pages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, mediaType := range mediaTypes {
				c := answering(t, mediaType, tc.body)
				for format, kind := range kinds {
					got, err := c.Certificates.Download(t.Context(), 1, format)
					require.Nil(t, got)
					requireDecodeError(t, err, "/certificate/1/download/format/"+string(format), "")
					require.ErrorContains(t, err, tc.known)
					if tc.known != "the body is empty" {
						require.ErrorContains(t, err, "not "+kind)
					}
					require.NotContains(t, err.Error(), "locked", "not the body")
				}
				got, err := c.Certificates.Download(t.Context(), 1, "brand_new")
				if tc.unknown == "" && !strings.HasPrefix(mediaType, "text/html") {
					require.NoError(t, err)
					require.Equal(t, tc.body, string(got.Body))
					continue
				}
				require.Nil(t, got)
				requireDecodeError(t, err, "/certificate/1/download/format/brand_new", "")
				require.ErrorContains(t, err, tc.unknown)
			}
		})
	}
}

// TestDownloadOthers checks that a file of something else in the form of certificates is an error.
func TestDownloadOthers(t *testing.T) {
	t.Parallel()
	whole := newCertificate(t, "a1")
	revoked, request, _ := otherFiles(t)
	for name, other := range map[string][]byte{"a revocation list": revoked, "a request": request, "an empty sequence": {0x30, 0}} {
		inPEM := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other}))
		for format, body := range map[digicert.DownloadFormat]string{
			digicert.FormatCER: string(other), digicert.FormatPEMAll: inPEM, digicert.FormatPEMNoRoot: pemOf(whole) + inPEM,
		} {
			_, err := answering(t, "", body).Certificates.Download(t.Context(), 1, format)
			requireDecodeError(t, err, "/certificate/1/download/format/"+string(format), "")
			require.ErrorContains(t, err, "of certificates, or is incomplete", name)
		}
	}
}

// TestDownloadFiles checks that a file of its format is returned as it was sent, whatever it is said to be.
func TestDownloadFiles(t *testing.T) {
	t.Parallel()
	for format, files := range downloadFiles(t) {
		for _, mediaType := range mediaTypes {
			if format == "brand_new" && strings.HasPrefix(mediaType, "text/html") {
				continue // nothing else says what it is
			}
			for _, body := range files {
				got, err := answering(t, mediaType, body).Certificates.Download(t.Context(), 1, format)
				require.NoError(t, err, "%s as %q: %q", format, mediaType, body)
				require.Equal(t, &digicert.Download{Format: format, MediaType: mediaType, Body: []byte(body)}, got)
			}
		}
	}
}

// TestDownloadCut checks that no part of a file passes for the file.
func TestDownloadCut(t *testing.T) {
	t.Parallel()
	files := downloadFiles(t)
	for format, body := range map[digicert.DownloadFormat]string{
		digicert.FormatPEMAll: strings.TrimSpace(files[digicert.FormatPEMAll][1]),
		digicert.FormatCER:    files[digicert.FormatCER][0],
		digicert.FormatP7B:    files[digicert.FormatP7B][1],
		digicert.FormatApache: files[digicert.FormatApache][0],
	} {
		first := len(strings.TrimSpace(files[digicert.FormatPEMAll][0])) // after which a PEM is whole, until the next begins
		for n := 1; n < len(body); n += 7 {
			if format == digicert.FormatPEMAll && n >= first && n < first+len("\n-----BEGIN ") {
				continue
			}
			_, err := answering(t, "", body[:n]).Certificates.Download(t.Context(), 1, format)
			requireDecodeError(t, err, "/certificate/1/download/format/"+string(format), "")
		}
	}
}

// TestGetDownload checks what Get returns as a file: with a format the same as Download, without one anything but HTML and JSON.
func TestGetDownload(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"x": "", "<report/>": "", `<?xml version="1.0"?><report/>`: "", "[section]": "the body is JSON",
		htmlPage: "the body is HTML", `<?xml version="1.0"?><html/>`: "the body is HTML", `{"id": 1}`: "the body is JSON", "1": "the body is JSON",
	} {
		got := digicert.Download{Body: []byte("old")}
		err := answering(t, "application/octet-stream", body).Get(t.Context(), "/report", nil, &got)
		if want == "" {
			require.NoError(t, err)
			require.Equal(t, body, string(got.Body))
		} else {
			requireDecodeError(t, err, "/report", "")
			require.ErrorContains(t, err, want+", not a file")
			require.Equal(t, "old", string(got.Body), "it is left alone")
		}
		got = digicert.Download{Format: digicert.FormatPEMAll}
		requireDecodeError(t, answering(t, "", body).Get(t.Context(), "/report", nil, &got), "/report", "")
	}
}
