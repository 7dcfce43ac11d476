package digicerttest_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
)

// TestCSRForms places orders with a CSR in every form that clients send.
func TestCSRForms(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, csr := newCSR(t)
	block, _ := pem.Decode([]byte(csr))
	bare := base64.StdEncoding.EncodeToString(block.Bytes)
	for name, text := range map[string]string{
		"PEM":                        csr,
		"PEM with other line ends":   strings.ReplaceAll(csr, "\n", "\r\n"),
		"PEM without line ends":      strings.ReplaceAll(csr, "\n", ""),
		"another header":             strings.ReplaceAll(csr, "CERTIFICATE", "NEW CERTIFICATE"),
		"base64":                     bare,
		"base64 in lines":            bare[:40] + "\n" + bare[40:] + "\n",
		"PEM with escaped line ends": " " + csr + " ",
	} {
		id, _ := place(t, s, "ssl_plus", "certificate.csr", text)
		require.Equal(t, csr, info(t, s, id)["certificate"].(m)["csr"], name)
	}
}

func TestCSRKeys(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for bits, key := range map[string]crypto.Signer{"2048": rsaKey, "256": edKey} {
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
		require.NoError(t, err)
		id, doc := place(t, s, "ssl_plus", "certificate.csr", base64.StdEncoding.EncodeToString(der))
		require.Equal(t, json.Number(bits), info(t, s, id)["certificate"].(m)["key_size"])
		want, err := x509.MarshalPKIXPublicKey(key.Public())
		require.NoError(t, err)
		require.Equal(t, want, parsePEM(t, doc["certificate_chain"].([]any)[0].(m)["pem"].(string))[0].RawSubjectPublicKeyInfo)
	}
}

// TestDerivedCSRs checks that orders, reissues and duplicates that no request made have CSRs too, with the keys of
// their certificates, and the same ones each time.
func TestDerivedCSRs(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithOrders(1, 1000))
	other := newServer(t, digicerttest.WithOrders(1, 1000))
	checked := map[string]int{}
	check := func(kind string, row m) {
		checked[kind]++
		block, rest := pem.Decode([]byte(row["csr"].(string)))
		require.Empty(t, rest)
		request, err := x509.ParseCertificateRequest(block.Bytes)
		require.NoError(t, err)
		require.NoError(t, request.CheckSignature())
		require.Equal(t, json.Number("256"), row["key_size"])
		if chain := get(t, s, fmt.Sprintf("/certificate/%s/chain", row["id"])); chain.body != "{}" {
			require.Equal(t, chainOf(t, chain)[0].RawSubjectPublicKeyInfo, request.RawSubjectPublicKeyInfo)
			checked[kind+" issued"]++
		}
	}
	for _, id := range column(t, get(t, s, orderPath+"?limit=200"), "orders", "id") {
		path := ownPath + "/" + id
		order := decoded(t, get(t, s, path).body)
		if c := order["certificate"].(m); c["id"] != nil {
			check("order", c)
		}
		require.Equal(t, order["certificate"].(m)["csr"], decoded(t, get(t, other, path).body)["certificate"].(m)["csr"])
		for _, kind := range []string{"reissue", "duplicate"} {
			for _, row := range rows(t, get(t, s, path+"/"+kind), "certificates") {
				check(kind, row)
			}
		}
	}
	for _, kind := range []string{"order", "reissue", "duplicate"} {
		require.Positive(t, checked[kind+" issued"], kind)
	}
}
