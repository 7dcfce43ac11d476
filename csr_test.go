package digicert

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testCSR returns a CSR as DER. Its key is of no use.
func testCSR(t testing.TB, name string) []byte {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
	require.NoError(t, err)
	return der
}

// csrForms returns the forms in which a CSR may be written.
func csrForms(der []byte) map[string]string {
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	bare := base64.StdEncoding.EncodeToString(der)
	return map[string]string{
		"PEM":                     text,
		"new":                     strings.ReplaceAll(text, " CERTIFICATE", " NEW CERTIFICATE"),
		"CR LF":                   strings.ReplaceAll(text, "\n", "\r\n"),
		"CR":                      strings.ReplaceAll(text, "\n", "\r"),
		"without line breaks":     strings.ReplaceAll(text, "\n", ""),
		"escaped line breaks":     strings.ReplaceAll(text, "\n", `\n`),
		"escaped CR LF":           strings.ReplaceAll(text, "\n", `\r\n`),
		"spaces for line breaks":  strings.ReplaceAll(text, "\n", " "),
		"headers":                 string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Headers: map[string]string{"Proc-Type": "4,X"}, Bytes: der})),
		"text around":             "Subject: CN=x\n" + text + "\nthe end: here",
		"bare":                    bare,
		"bare, indented":          "  " + bare + "\t\n",
		"bare without padding":    strings.TrimRight(bare, "="),
		"PEM of two lines":        "-----BEGIN CERTIFICATE REQUEST-----\n" + bare[:len(bare)/2] + "\n" + bare[len(bare)/2:] + "\n-----END CERTIFICATE REQUEST-----",
		"PEM without padding":     strings.ReplaceAll(text, "=", ""),
		"PEM with spaces in line": strings.ReplaceAll(text, "MI", "M I"),
	}
}

func TestSameCSR(t *testing.T) {
	t.Parallel()
	der, other := testCSR(t, "a.example"), testCSR(t, "a.example")
	for name, text := range csrForms(der) {
		require.True(t, sameCSR(text, der), name)
		require.False(t, sameCSR(text, other), name)
	}
	for _, text := range []string{"", "<csr>", "=", strings.Repeat("A", 1<<20), "-----BEGIN CERTIFICATE REQUEST-----", "-----BEGIN CERTIFICATE-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END CERTIFICATE-----"} {
		require.False(t, sameCSR(text, der))
		require.False(t, sameCSR(text, nil), "nothing is not the same as nothing")
	}
}

func TestCheckCSR(t *testing.T) {
	t.Parallel()
	der := testCSR(t, "a.example")
	want := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	for name, text := range csrForms(der) {
		got, gotDER, err := checkCSR("csr", text)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
		require.Equal(t, der, gotDER, name)
	}
}

// FuzzSameCSR checks that a text is the CSR that it is taken for: written as PEM, it is the same again.
func FuzzSameCSR(f *testing.F) {
	der := testCSR(f, "a.example")
	for _, text := range csrForms(der) {
		f.Add(text)
	}
	f.Add("-----BEGIN CERTIFICATE REQUEST-----a:b\n\nAAAA-----END CERTIFICATE REQUEST-----")
	f.Fuzz(func(t *testing.T, text string) {
		decoded, ok := csrDER(text)
		if !ok {
			if sameCSR(text, decoded) {
				t.Error("it is the same as what it is not")
			}
			return
		}
		if !sameCSR(text, decoded) {
			t.Error("it is not the same as itself")
		}
		for name, form := range csrForms(decoded) {
			if !sameCSR(form, decoded) {
				t.Errorf("%s: not the same", name)
			}
		}
		changed := append([]byte(nil), decoded...)
		changed[len(changed)/2] ^= 1
		if sameCSR(text, changed) {
			t.Error("it is the same as another")
		}
		if armored, again, err := checkCSR("csr", text); err == nil {
			if !sameCSR(armored, again) || string(again) != string(decoded) {
				t.Error("what is sent is another one")
			}
			if isPrivateKey(armored) {
				t.Error("a private key would be sent")
			}
		} else if len(text) > 40 && strings.Contains(err.Error(), text) {
			t.Error("the error repeats it")
		}
	})
}
