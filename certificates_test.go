package digicert_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// chainBody has every field that is known of a chain.
const chainBody = `{"intermediates": [
	{"subject_common_name": "example.com", "pem": "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"},
	{"subject_common_name": "An issuing CA", "pem": "-----BEGIN CERTIFICATE-----\r\nMIID\r\n-----END CERTIFICATE-----"}
]}`

// chain is what chainBody says.
func chain() []digicert.ChainCertificate {
	return []digicert.ChainCertificate{
		{SubjectCommonName: "example.com", PEM: "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"},
		{SubjectCommonName: "An issuing CA", PEM: "-----BEGIN CERTIFICATE-----\r\nMIID\r\n-----END CERTIFICATE-----"},
	}
}

var certificateKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
})

// newCertificate returns a certificate with a serial number, given in hexadecimal, in DER.
func newCertificate(t testing.TB, serial string) []byte {
	t.Helper()
	number, ok := new(big.Int).SetString(serial, 16)
	require.True(t, ok)
	template := &x509.Certificate{
		SerialNumber: number, Subject: pkix.Name{CommonName: serial + ".example"},
		NotBefore: utc(2020, time.January, 1, 0, 0, 0), NotAfter: utc(2021, time.January, 1, 0, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, certificateKey().Public(), certificateKey())
	require.NoError(t, err)
	return der
}

func pemOf(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// serials are those of certificates, in hexadecimal.
func serials(certs []*x509.Certificate) (all []string) {
	for _, c := range certs {
		all = append(all, c.SerialNumber.Text(16))
	}
	return all
}

func TestChain(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, chainBody)

	got, err := c.Certificates.Chain(t.Context(), math.MaxInt64)

	require.NoError(t, err)
	require.Equal(t, chain(), got)
	require.Equal(t, "/services/v2/certificate/9223372036854775807/chain", s.only(t).URL.Path)
	require.Empty(t, s.only(t).URL.RawQuery)
}

func TestChainRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []digicert.CertificateID{0, -1, math.MinInt64} {
		c, s := serve(t, http.StatusOK, `{}`)

		got, err := c.Certificates.Chain(t.Context(), id)

		requireParamError(t, err, "certificate_id")
		require.Nil(t, got)
		require.Zero(t, s.GetTotalCallCount())
	}
}

func TestChainCertificate(t *testing.T) {
	t.Parallel()
	one, two := pemOf(newCertificate(t, "a1")), pemOf(newCertificate(t, "b2"))
	for name, text := range map[string]string{
		"as it is":         one,
		"CRLF":             strings.ReplaceAll(one, "\n", "\r\n"),
		"no newline":       strings.TrimSpace(one),
		"text around it":   "subject=a\n\n" + one + "\n-- \nbye",
		"white space":      "\n\n" + one + "\n \n",
		"newlines as sent": strings.ReplaceAll(one, "\n", "\n\n"),
	} {
		cert, err := digicert.ChainCertificate{SubjectCommonName: "example.com", PEM: text}.Certificate()
		require.NoError(t, err, name)
		require.Equal(t, "a1", cert.SerialNumber.Text(16), name)
	}
	for name, text := range map[string]string{
		"empty":     "",
		"text":      "MIIC",
		"two":       one + two,
		"a key":     string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})),
		"and a key": one + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})),
		"no DER":    "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n",
		"cut":       one[:len(one)/2],
		"no end":    strings.Replace(one, "-----END", "-----", 1),
	} {
		cert, err := digicert.ChainCertificate{SubjectCommonName: "name\nin two lines", PEM: text}.Certificate()
		require.Nil(t, cert, name)
		requireOneLine(t, err)
		require.Contains(t, err.Error(), "name in two lines", name)
	}
}

// A download is the bytes that were sent and what they were said to be.
func TestDownload(t *testing.T) {
	t.Parallel()
	binary := make([]byte, 0, 1<<10)
	for i := range cap(binary) {
		binary = append(binary, byte(i))
	}
	for name, tc := range map[string]struct {
		mediaType string
		body      []byte
	}{
		"a PEM":                  {"application/x-pem-file", []byte(pemOf(newCertificate(t, "a1")))},
		"with parameters":        {`application/x-pkcs7-certificates; name="a b.p7b"; charset=binary`, []byte("x")},
		"no type":                {"", []byte("x")},
		"binary":                 {"application/zip", binary},
		"nothing but a NUL":      {"application/octet-stream", []byte{0}},
		"white space is kept":    {"text/plain", []byte("\r\n \tx\n \n")},
		"over 1 MiB":             {"application/zip", bytes.Repeat(binary, 1500)},
		"over the buffer's size": {"application/zip", bytes.Repeat(binary, 5<<10)},
		"the word errors":        {"text/plain", []byte(`"errors": [{"code": "a"}]`)},
		"text called JSON":       {"application/json", []byte("key = value")},
		"bad UTF-8":              {"text/plain; charset=utf-8", []byte("\xff\xfe\xef\xbb\xbf")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(func(*http.Request) (*http.Response, error) {
				resp := httpmock.NewBytesResponse(http.StatusOK, tc.body)
				if tc.mediaType != "" {
					resp.Header.Set("Content-Type", tc.mediaType)
				}
				return resp, nil
			})
			c := s.client(t)

			got, err := c.Certificates.Download(t.Context(), math.MaxInt64, "brand_New2")

			require.NoError(t, err)
			require.Equal(t, &digicert.Download{Format: "brand_New2", MediaType: tc.mediaType, Body: tc.body}, got)
			req := s.only(t)
			require.Equal(t, http.MethodGet, req.Method)
			require.Equal(t, "/services/v2/certificate/9223372036854775807/download/format/brand_New2", req.URL.Path)
			require.Empty(t, req.URL.RawQuery)
			require.Equal(t, []string{"*/*"}, req.Header.Values("Accept"))

			// The same by Get, which knows of no format.
			var plain digicert.Download
			require.NoError(t, c.Get(t.Context(), "/anything", nil, &plain))
			require.Equal(t, digicert.Download{MediaType: tc.mediaType, Body: tc.body}, plain)
			require.Equal(t, []string{"*/*"}, s.sent()[1].Header.Values("Accept"))
		})
	}
}

func TestDownloadFormats(t *testing.T) {
	t.Parallel()
	files := downloadFiles(t)
	for format, name := range map[digicert.DownloadFormat]string{
		digicert.FormatPEMAll:            "pem_all",
		digicert.FormatPEMNoIntermediate: "pem_nointermediate",
		digicert.FormatPEMNoRoot:         "pem_noroot",
		digicert.FormatCER:               "cer",
		digicert.FormatP7B:               "p7b",
		digicert.FormatDefaultPEM:        "default_pem",
		digicert.FormatApache:            "apache",
	} {
		c, s := serve(t, http.StatusOK, files[format][0])
		_, err := c.Certificates.Download(t.Context(), 1, format)
		require.NoError(t, err)
		require.Equal(t, "/services/v2/certificate/1/download/format/"+name, s.only(t).URL.Path)
	}
}

func TestDownloadRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		id     digicert.CertificateID
		format digicert.DownloadFormat
		param  string
	}{
		{0, digicert.FormatCER, "certificate_id"},
		{-1, digicert.FormatCER, "certificate_id"},
		{math.MinInt64, "", "certificate_id"},
		{1, "", "format"},
		{1, ".", "format"},
		{1, "..", "format"},
		{1, "../x", "format"},
		{1, "a/b", "format"},
		{1, "a%2fb", "format"},
		{1, `a\b`, "format"},
		{1, "pem all", "format"},
		{1, "pem_all\n", "format"},
		{1, "pem_all?x=1", "format"},
		{1, "pem_all#", "format"},
		{1, "pem-all", "format"},
		{1, "p\u00e9m", "format"},
		{1, "p\x00m", "format"},
		{1, digicert.DownloadFormat(strings.Repeat("!", 5000)), "format"},
	} {
		c, s := serve(t, http.StatusOK, "x")

		got, err := c.Certificates.Download(t.Context(), tc.id, tc.format)

		requireParamError(t, err, tc.param)
		require.Nil(t, got)
		require.Zero(t, s.GetTotalCallCount())
	}
}

// Nothing is no certificate.
func TestDownloadEmpty(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusNoContent} {
		for _, body := range []string{"", " \r\n\t"} {
			c, s := serve(t, status, body)
			got, err := c.Certificates.Download(t.Context(), 5, digicert.FormatCER)
			requireDecodeError(t, err, "/certificate/5/download/format/cer", "")
			require.Contains(t, err.Error(), "the body is empty")
			require.Nil(t, got)
			s.only(t)
		}
	}
}

func TestDownloadTooLarge(t *testing.T) {
	t.Parallel()
	body := pemOf(newCertificate(t, "a1"))
	body += strings.Repeat("\n", 2000-len(body))
	for _, announced := range []int64{2000, -1} {
		s := newService(func(*http.Request) (*http.Response, error) {
			resp := httpmock.NewStringResponse(http.StatusOK, body)
			resp.ContentLength = announced
			return resp, nil
		})
		got, err := s.client(t, digicert.WithMaxResponseBytes(1999)).Certificates.Download(t.Context(), 5, digicert.FormatCER)
		require.ErrorIs(t, err, digicert.ErrResponseTooLarge)
		requireOneLine(t, err)
		require.Nil(t, got)

		got, err = s.client(t, digicert.WithMaxResponseBytes(2000)).Certificates.Download(t.Context(), 5, digicert.FormatCER)
		require.NoError(t, err)
		require.Len(t, got.Body, 2000)
	}
}

// A success that carries errors is none here either.
func TestDownloadErrorsInASuccess(t *testing.T) {
	t.Parallel()
	const body = `{"errors":[{"code":"not_found|certificate","message":"No ` + testKey + `."}]}`
	c, _ := serve(t, http.StatusOK, body)

	got, err := c.Certificates.Download(t.Context(), 5, digicert.FormatCER)

	var answer *digicert.Error
	require.ErrorAs(t, err, &answer)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.ErrorIs(t, err, digicert.CodeNotFound)
	require.Nil(t, got)
	requireOneLine(t, err)
	requireNoKey(t, err)
}

// What was downloaded stays what it is, whatever the client reads next.
func TestDownloadKeepsItsBytes(t *testing.T) {
	t.Parallel()
	const json = `{"certificates": [{"id": 7}]}`
	certificate := pemOf(newCertificate(t, "a1"))
	n := 0
	s := newService(func(req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/reissue") {
			return httpmock.NewStringResponse(http.StatusOK, json+strings.Repeat(" ", 3000)), nil
		}
		n++
		return httpmock.NewStringResponse(http.StatusOK, certificate+strings.Repeat(strconv.Itoa(n), 2000)), nil
	})
	c := s.client(t)

	var all []*digicert.Download
	for range 5 {
		d, err := c.Certificates.Download(t.Context(), 5, digicert.FormatCER)
		require.NoError(t, err)
		all = append(all, d)
		rows, err := c.Reissues.List(t.Context(), 1, nil)
		require.NoError(t, err)
		require.Equal(t, []digicert.Reissue{{ID: 7, DNSNames: []string{}}}, rows)
		sent := s.sent()
		require.Equal(t, "application/json", sent[len(sent)-1].Header.Get("Accept"))
	}
	for i, d := range all {
		require.Equal(t, certificate+strings.Repeat(strconv.Itoa(i+1), 2000), string(d.Body))
	}
}

// Every request on the way to a download asks for whatever there is.
func TestDownloadAcceptAfterRedirects(t *testing.T) {
	t.Parallel()
	certificate := pemOf(newCertificate(t, "a1"))
	var mu sync.Mutex
	var accepted []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		accepted = append(accepted, r.Header.Get("Accept"))
		mu.Unlock()
		if r.URL.Query().Get("again") == "" {
			http.Redirect(w, r, r.URL.Path+"?again=1", http.StatusFound)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/cer") {
			w.Header().Set("Content-Type", "application/x-pem-file")
			_, _ = io.WriteString(w, certificate)
			return
		}
		_, _ = io.WriteString(w, `{"id": 5}`)
	}))
	t.Cleanup(server.Close)
	var checked []string
	c, err := digicert.NewClient(testKey, digicert.WithBaseURL(server.URL+"/services/v2"), digicert.WithHTTPClient(&http.Client{
		CheckRedirect: func(req *http.Request, _ []*http.Request) error {
			checked = append(checked, req.Header.Get("Accept"))
			return nil
		},
	}))
	require.NoError(t, err)

	d, err := c.Certificates.Download(t.Context(), 5, digicert.FormatCER)
	require.NoError(t, err)
	require.Equal(t, "application/x-pem-file", d.MediaType)
	_, err = c.Orders.Get(t.Context(), 5)
	require.NoError(t, err)

	require.Equal(t, []string{"*/*", "*/*", "application/json", "application/json"}, accepted)
	require.Equal(t, []string{"*/*", "application/json"}, checked)
}

func TestDownloadCertificates(t *testing.T) {
	t.Parallel()
	leaf, issuer, root := newCertificate(t, "a1"), newCertificate(t, "b2"), newCertificate(t, "c3")
	all := pemOf(leaf) + pemOf(issuer) + pemOf(root)
	pems := []digicert.DownloadFormat{digicert.FormatPEMAll, digicert.FormatPEMNoIntermediate, digicert.FormatPEMNoRoot, digicert.FormatCER}
	for name, tc := range map[string]struct {
		formats []digicert.DownloadFormat
		body    string
		want    []string
	}{
		"one":                {pems, pemOf(leaf), []string{"a1"}},
		"three":              {pems, all, []string{"a1", "b2", "c3"}},
		"their order counts": {pems, pemOf(root) + pemOf(leaf), []string{"c3", "a1"}},
		"CRLF":               {pems, strings.ReplaceAll(all, "\n", "\r\n"), []string{"a1", "b2", "c3"}},
		"text around them":   {pems, "Subject: a\n" + pemOf(leaf) + "\n -----BEGINNING of the issuer\n" + pemOf(issuer) + "bye", []string{"a1", "b2"}},
		"no last newline":    {pems, strings.TrimSpace(all), []string{"a1", "b2", "c3"}},
		"twice the same":     {pems, pemOf(leaf) + pemOf(leaf), []string{"a1", "a1"}},
		"DER":                {[]digicert.DownloadFormat{digicert.FormatCER}, string(leaf), []string{"a1"}},
		"several in DER":     {[]digicert.DownloadFormat{digicert.FormatCER}, string(leaf) + string(root), []string{"a1", "c3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, format := range tc.formats {
				d := &digicert.Download{Format: format, Body: []byte(tc.body)}
				certs, err := d.Certificates()
				require.NoError(t, err, format)
				require.Equal(t, tc.want, serials(certs), format)

				certs, err = d.Certificates(tc.want[0])
				require.NoError(t, err, format)
				require.Equal(t, tc.want, serials(certs), format)

				require.Equal(t, tc.body, string(d.Body))
			}
		})
	}
}

func TestDownloadCertificatesRefused(t *testing.T) {
	t.Parallel()
	leaf := newCertificate(t, "a1")
	one := pemOf(leaf)
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY\x1b", Bytes: []byte("x")}))
	for name, tc := range map[string]struct {
		format   digicert.DownloadFormat
		body     string
		contains string
	}{
		"empty":             {digicert.FormatPEMAll, "", "no certificate found"},
		"nil, in DER":       {digicert.FormatCER, "", "no certificate found"},
		"text":              {digicert.FormatPEMAll, "no PEM at all", "no certificate found"},
		"HTML":              {digicert.FormatPEMAll, htmlPage, "no certificate found"},
		"DER as PEM":        {digicert.FormatPEMAll, string(leaf), "no certificate found"},
		"cut":               {digicert.FormatPEMAll, one[:len(one)-30], "1 of 1"},
		"cut after a whole": {digicert.FormatPEMAll, one + one[:len(one)/2], "1 of 2"},
		"cut before whole":  {digicert.FormatPEMAll, one[:len(one)/2] + "\n" + one, "1 of 2"},
		"another type":      {digicert.FormatPEMAll, key, "PRIVATE KEY"},
		"and another type":  {digicert.FormatPEMNoRoot, one + key, "PRIVATE KEY"},
		"no certificate":    {digicert.FormatPEMAll, pemOf([]byte("x")), ""},
		"a tail":            {digicert.FormatPEMAll, pemOf(append(bytes.Clone(leaf), 0)), ""},
		"DER with a tail":   {digicert.FormatCER, string(leaf) + "x", ""},
		"DER that is cut":   {digicert.FormatCER, string(leaf[:len(leaf)/2]), ""},
		"p7b":               {digicert.FormatP7B, one, "p7b"},
		"zip":               {digicert.FormatDefaultPEM, one, "default_pem"},
		"another zip":       {digicert.FormatApache, one, "apache"},
		"unknown format":    {"brand\nnew", one, "brand new"},
		"no format":         {"", one, "format"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &digicert.Download{Format: tc.format, Body: []byte(tc.body)}
			for _, serials := range [][]string{nil, {"a1"}} {
				certs, err := d.Certificates(serials...)
				require.Nil(t, certs)
				requireOneLine(t, err)
				require.Contains(t, err.Error(), tc.contains)
				require.NotErrorIs(t, err, digicert.ErrWrongCertificate)
				var refused *digicert.ParamError
				require.NotErrorAs(t, err, &refused)
			}
		})
	}
}

// Serial numbers are numbers, however they are spelled.
func TestDownloadCertificatesSerials(t *testing.T) {
	t.Parallel()
	const serial = "fda0123456789abcdef0123456789ab"
	d := &digicert.Download{Format: digicert.FormatPEMAll, Body: []byte(pemOf(newCertificate(t, serial)) + pemOf(newCertificate(t, "b2")))}

	for name, spelled := range map[string][]string{
		"as it is":          {serial},
		"upper case":        {strings.ToUpper(serial)},
		"leading zero":      {"0" + serial},
		"leading zeros":     {"0000" + strings.ToUpper(serial)},
		"colons":            {"0F:DA:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB"},
		"leading colons":    {"00:0f:da:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab"},
		"spaces":            {" fda0 1234 5678 9abc\tdef0 1234 5678 9ab\n"},
		"the second of two": {"1", serial},
		"the first of two":  {serial, "1"},
	} {
		certs, err := d.Certificates(spelled...)
		require.NoError(t, err, name)
		require.Equal(t, []string{serial, "b2"}, serials(certs), name)
	}

	for name, spelled := range map[string][]string{
		"another":          {"ABCD"},
		"that of another":  {"b2"},
		"its beginning":    {serial[:len(serial)-1]},
		"one digit more":   {serial + "0"},
		"none of two":      {"b2", "c3"},
		"zero":             {"0"},
		"a very long zero": {strings.Repeat("0", 5000)},
		"a very long one":  {strings.Repeat("f", 5000)},
	} {
		certs, err := d.Certificates(spelled...)
		require.ErrorIs(t, err, digicert.ErrWrongCertificate, name)
		requireOneLine(t, err)
		require.Contains(t, err.Error(), serial, name)
		for _, s := range spelled {
			if len(s) < 100 {
				require.Contains(t, err.Error(), strings.ToLower(s), name)
			}
		}
		require.Nil(t, certs)
	}

	for name, spelled := range map[string][]string{
		"empty":                {""},
		"nothing but colons":   {":::"},
		"white space":          {" "},
		"words":                {"the serial"},
		"a prefix":             {"0x" + serial},
		"a sign":               {"-" + serial},
		"beside a good one":    {serial, "xyz"},
		"before a good one":    {"xyz", serial},
		"a newline in between": {"<serial\nnumber>"},
		"very long":            {strings.Repeat("g", 5000)},
		"other digits":         {"\u0661\u0662"},
	} {
		certs, err := d.Certificates(spelled...)
		requireParamError(t, err, "serials")
		require.Nil(t, certs, name)
	}

	// What is asked for is looked at before what was received.
	_, err := (&digicert.Download{}).Certificates("xyz")
	requireParamError(t, err, "serials")

	zero := &digicert.Download{Format: digicert.FormatCER, Body: newCertificate(t, "1")}
	for i, want := range []error{digicert.ErrWrongCertificate, nil} {
		_, err := zero.Certificates(fmt.Sprintf("000%d", i))
		require.ErrorIs(t, err, want)
	}
}
