package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// sign makes a certificate, and its key. A nil parent makes a root.
func sign(t *testing.T, template x509.Certificate, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template.SerialNumber = big.NewInt(1)
	template.IsCA = len(template.DNSNames) == 0
	template.BasicConstraintsValid = true
	if parent == nil {
		parent, parentKey = &template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), parentKey)
	require.NoError(t, err)
	c, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return c, key
}

func keyText(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestVerify(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	template := func(name string, names ...string) x509.Certificate {
		return x509.Certificate{Subject: pkix.Name{CommonName: name}, NotBefore: begin, NotAfter: begin.AddDate(0, 0, 100), DNSNames: names}
	}
	root, rootKey := sign(t, template("root"), nil, nil)
	middle, middleKey := sign(t, template("middle"), root, rootKey)
	leaf, key := sign(t, template("a.example", "a.example", "B.example"), middle, middleKey)
	other, otherKey := sign(t, template("a.example", "a.example", "b.example"), middle, middleKey)
	oldRoot, oldKey := sign(t, template("old root"), nil, nil)
	crossTemplate := template("root")
	crossTemplate.SerialNumber, crossTemplate.IsCA, crossTemplate.BasicConstraintsValid = big.NewInt(2), true, true
	crossDER, err := x509.CreateCertificate(rand.Reader, &crossTemplate, oldRoot, rootKey.Public(), oldKey)
	require.NoError(t, err)
	cross, err := x509.ParseCertificate(crossDER)
	require.NoError(t, err)

	in := func() *intent {
		in := &intent{Key: keyText(t, key), ValidTill: digicert.DateOf(begin)}
		in.Order.Certificate.CommonName, in.Order.Certificate.DNSNames = "a.example", []string{"b.example"}
		return in
	}
	for name, test := range map[string]struct {
		list   []*x509.Certificate
		change func(*intent)
		days   int
		want   []*x509.Certificate
		err    string
	}{
		"in order":               {list: []*x509.Certificate{leaf, middle, root}, want: []*x509.Certificate{leaf, middle}},
		"the root first":         {list: []*x509.Certificate{root, middle, leaf}, want: []*x509.Certificate{leaf, middle}},
		"another one first":      {list: []*x509.Certificate{other, leaf, middle, root}, want: []*x509.Certificate{leaf, middle}},
		"two roots":              {list: []*x509.Certificate{leaf, middle, cross, root, oldRoot}, want: []*x509.Certificate{leaf, middle}},
		"a cross-signed root":    {list: []*x509.Certificate{leaf, middle, cross, oldRoot}, want: []*x509.Certificate{leaf, middle, cross}},
		"nothing":                {err: "none of the 0 certificates has the new key"},
		"another certificate":    {list: []*x509.Certificate{other, middle, root}, err: "none of the 3 certificates has the new key"},
		"a gap":                  {list: []*x509.Certificate{leaf, root}, err: "unknown authority"},
		"no root, and not known": {list: []*x509.Certificate{leaf, middle}, err: "x509: "},
		"another root":           {list: []*x509.Certificate{leaf, middle, oldRoot}, err: "unknown authority"},
		"expired":                {list: []*x509.Certificate{leaf, middle, root}, days: 101, err: "expired"},
		"not valid yet":          {list: []*x509.Certificate{leaf, middle, root}, days: -1, err: "expired or is not yet valid"},
		"a name is missing": {
			list: []*x509.Certificate{leaf, middle, root}, err: "it is not for c.example",
			change: func(in *intent) { in.Order.Certificate.DNSNames = []string{"b.example", "c.example"} },
		},
		"no longer than before": {
			list: []*x509.Certificate{leaf, middle, root}, err: "it ends on 2026-06-09, and the one that it would replace on 2026-06-09",
			change: func(in *intent) { in.ValidTill = digicert.DateOf(leaf.NotAfter) },
		},
		"another key": {
			list: []*x509.Certificate{leaf, middle, root}, err: "has the new key", change: func(in *intent) { in.Key = keyText(t, otherKey) },
		},
		"no key": {list: []*x509.Certificate{leaf, middle, root}, err: "the intent has no key", change: func(in *intent) { in.Key = "" }},
	} {
		in := in()
		if test.change != nil {
			test.change(in)
		}
		got, err := in.verify(test.list, begin.AddDate(0, 0, test.days))
		if test.err != "" {
			require.ErrorContains(t, err, test.err, name)
			continue
		}
		require.NoError(t, err, name)
		require.True(t, slices.EqualFunc(got, test.want, (*x509.Certificate).Equal), name)
	}
}
