package pemfile_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/internal/pemfile"
)

// newCertificate returns a certificate with a serial number, as DER.
func newCertificate(t testing.TB, serial int64) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return der
}

func block(typ string, content []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: content}))
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	one, two := block("CERTIFICATE", newCertificate(t, 1)), block("CERTIFICATE", newCertificate(t, 2))
	for name, tc := range map[string]struct {
		text string
		want []int64 // serial numbers
	}{
		"one":                     {one, []int64{1}},
		"two, in their order":     {two + one, []int64{2, 1}},
		"the same twice":          {one + one, []int64{1, 1}},
		"text around":             {"subject=a\n" + one + "\nissuer=b\n" + two + "end\n", []int64{1, 2}},
		"lines that end in CR LF": {strings.ReplaceAll(one, "\n", "\r\n"), []int64{1}},
		"headers": {
			string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Headers: map[string]string{"A": "b"}, Bytes: newCertificate(t, 3)})), []int64{3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			certs, err := pemfile.Certificates([]byte(tc.text))
			require.NoError(t, err)
			var got []int64
			for _, cert := range certs {
				got = append(got, cert.SerialNumber.Int64())
			}
			require.Equal(t, tc.want, got)
		})
	}
}

func TestCertificatesRefused(t *testing.T) {
	t.Parallel()
	der := newCertificate(t, 1)
	cert := block("CERTIFICATE", der)
	for name, tc := range map[string]struct{ text, want string }{
		"nothing":              {"", "no certificate found"},
		"no block":             {"-----\nBEGIN CERTIFICATE\n", "no certificate found"},
		"a key":                {block("PRIVATE KEY", der), `PEM block of type "PRIVATE KEY" is not a certificate`},
		"a key behind":         {cert + block("PRIVATE KEY", der), `PEM block of type "PRIVATE KEY" is not a certificate`},
		"a request":            {block("CERTIFICATE REQUEST", der), `PEM block of type "CERTIFICATE REQUEST" is not a certificate`},
		"a long type":          {block(strings.Repeat("A", 100), der), `PEM block of type "` + strings.Repeat("A", 40) + `" is not a certificate`},
		"not DER":              {block("CERTIFICATE", []byte("x")), "x509: "},
		"DER and more":         {block("CERTIFICATE", append(bytes.Clone(der), 0)), "x509: "},
		"half of DER":          {block("CERTIFICATE", der[:len(der)/2]), "x509: "},
		"no end":               {cert[:len(cert)/2], "1 of 1 PEM blocks are incomplete"},
		"no end behind":        {cert + cert[:len(cert)/2], "1 of 2 PEM blocks are incomplete"},
		"no end before":        {cert[:len(cert)/2] + "\n" + cert, "1 of 2 PEM blocks are incomplete"},
		"not base64":           {"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "1 of 1 PEM blocks are incomplete"},
		"another type's end":   {strings.Replace(cert, "END CERTIFICATE", "END KEY", 1), "1 of 1 PEM blocks are incomplete"},
		"only a block's start": {"-----BEGIN ", "1 of 1 PEM blocks are incomplete"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			certs, err := pemfile.Certificates([]byte(tc.text))
			require.ErrorContains(t, err, tc.want)
			require.Nil(t, certs)
			require.Equal(t, tc.want == "no certificate found", err == pemfile.ErrNoCertificate)
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	der := newCertificate(t, 1)
	cert := block("CERTIFICATE", der)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	crl, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1)}, &x509.Certificate{KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}}, key)
	require.NoError(t, err)
	for name, tc := range map[string]struct{ text, want string }{
		"one":               {cert, ""},
		"several, and text": {"a\n" + cert + "b\n" + cert + "c", ""},
		"beside a CRL":      {block("X509 CRL", crl) + cert, ""},
		"beside a key":      {cert + block("PRIVATE KEY", []byte("x")), ""},
		"trusted":           {block("TRUSTED CERTIFICATE", append(bytes.Clone(der), 0x30, 0)), ""},
		"nothing":           {"", "no certificate found"},
		"only a CRL":        {block("X509 CRL", crl), "no certificate found"},
		"only a key":        {block("PRIVATE KEY", der), "no certificate found"},
		"a CRL in disguise": {cert + block("CERTIFICATE", crl), `PEM block of type "CERTIFICATE" is not a certificate`},
		"text in a block":   {block("CERTIFICATE", []byte("x")), `PEM block of type "CERTIFICATE" is not a certificate`},
		"half of DER":       {block("CERTIFICATE", der[:len(der)/2]), `PEM block of type "CERTIFICATE" is not a certificate`},
		"a request":         {block("CERTIFICATE REQUEST", der), "no certificate found"},
		"no end":            {cert + cert[:len(cert)/2], "1 of 2 PEM blocks are incomplete"},
	} {
		err := pemfile.Check([]byte(tc.text))
		if tc.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, tc.want, name)
	}
}
