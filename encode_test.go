package digicert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// privateKeys returns private keys in the forms in which somebody may put one into a field by mistake.
func privateKeys(t *testing.T) map[string]string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	sec1, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	return map[string]string{
		"PEM":             text,
		"EC PEM":          string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1})),
		"encrypted PEM":   strings.ReplaceAll(text, "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
		"in a text":       "the key is\n" + text + "\nplease keep it",
		"on one line":     strings.ReplaceAll(text, "\n", `\n`),
		"base64 of DER":   base64.StdEncoding.EncodeToString(pkcs8),
		"base64 of PKCS1": base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(long)),
		"base64 of SEC1":  base64.RawStdEncoding.EncodeToString(sec1),
		"base64 of PEM":   base64.StdEncoding.EncodeToString([]byte(text)),
	}
}

// A private key is found wherever it is in a body, and no error repeats it.
func TestPrivateKeysAreRefused(t *testing.T) {
	t.Parallel()
	for name, text := range privateKeys(t) {
		require.True(t, isPrivateKey(text), name)
		for where, o := range map[string]object{
			"comments":               {"comments": text},
			"certificate.x":          {"certificate": object{"x": text}},
			"custom_fields[1].value": {"custom_fields": []any{object{"value": "a"}, object{"value": text}}},
		} {
			_, err := o.encode()
			require.ErrorContains(t, err, where, name)
			require.NotContains(t, err.Error(), text[20:40])
		}
		_, err := object{"certificate": object{text: 1}}.encode()
		require.ErrorContains(t, err, "must not contain a private key", name)
		_, err = encodeBody(map[string]any{"a": []string{text}})
		require.ErrorContains(t, err, "body", name)
	}
	_, err := object{"jwk": map[string]any{"kty": "EC", "d": "x"}}.encode()
	require.Error(t, err)
	for _, text := range []string{"", "a comment about a private key", "PRIVATE KEY", strings.Repeat("A", 100), base64.StdEncoding.EncodeToString(make([]byte, 200))} {
		require.False(t, isPrivateKey(text), text)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	o := object{"a": 1}
	require.NoError(t, o.merge("x.", map[string]any{"b": 2, "c": nil}))
	require.Equal(t, object{"a": 1, "b": 2, "c": nil}, o)
	require.ErrorContains(t, o.merge("x.", map[string]any{"a": 2}), "x.a")
	require.ErrorContains(t, o.merge("x.", map[string]any{"": 2}), "without a name")
	require.ErrorContains(t, o.merge("x.", map[string]any{"csr": 2}, "csr"), "x.csr")
	_, err := object{"a": func() {}}.encode()
	require.ErrorContains(t, err, "Extra")
	_, err = encodeBody(make(chan int))
	require.ErrorContains(t, err, "body")
	text, err := encodeBody(json.RawMessage(`{"a":1}`))
	require.NoError(t, err)
	require.Equal(t, `{"a":1}`, string(text))
}
