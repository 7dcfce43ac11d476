package digicerttest_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// certificateServer returns a server with two orders. Order 1 has certificate 70, the reissues 71 and 72,
// of which 72 is pending, and the duplicate 73. Order 2 only has certificate 80.
func certificateServer(t testing.TB, opts ...digicerttest.Option) *digicerttest.Server {
	t.Helper()
	s := newServer(t, opts...)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Status: "issued", Certificate: digicert.OrderCertificate{
		ID: 70, SerialNumber: "0AB1", CommonName: "*.a.example", DNSNames: []string{"*.a.example", "a.example", "ü.example", "no name"},
		ValidTill: date(2024, 12, 31),
	}}))
	require.NoError(t, s.AddReissue(1, digicert.Reissue{ID: 71}))
	require.NoError(t, s.AddReissue(1, digicert.Reissue{ID: 72, Status: "pending"}))
	require.NoError(t, s.AddDuplicate(1, digicert.Duplicate{ID: 73, CommonName: "d.example", DNSNames: []string{"e.example"}}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 2, Status: "issued", Certificate: digicert.OrderCertificate{ID: 80}}))
	return s
}

// chainOf returns the parsed certificates of a chain.
func chainOf(t testing.TB, r reply) []*x509.Certificate {
	t.Helper()
	var certs []*x509.Certificate
	for _, row := range rows(t, r, "intermediates") {
		require.ElementsMatch(t, []string{"subject_common_name", "pem"}, keys(row))
		list := parsePEM(t, row["pem"].(string))
		require.Len(t, list, 1)
		require.Equal(t, list[0].Subject.CommonName, row["subject_common_name"])
		certs = append(certs, list...)
	}
	return certs
}

// parsePEM parses PEM that must consist of certificates.
func parsePEM(t testing.TB, text string) []*x509.Certificate {
	t.Helper()
	var certs []*x509.Certificate
	for rest := []byte(text); len(rest) > 0; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		require.NotNil(t, block, text)
		require.Equal(t, "CERTIFICATE", block.Type)
		cert, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		certs = append(certs, cert)
	}
	return certs
}

func TestChainVerifies(t *testing.T) {
	t.Parallel()
	s := certificateServer(t)
	chain := chainOf(t, get(t, s, "/certificate/70/chain"))
	require.Len(t, chain, 3)
	leaf := chain[0]
	require.Equal(t, "ab1", leaf.SerialNumber.Text(16))
	require.Equal(t, "*.a.example", leaf.Subject.CommonName)
	require.Equal(t, []string{"*.a.example", "a.example"}, leaf.DNSNames, "those that can be names in DNS")
	require.Equal(t, noon, leaf.NotBefore)
	require.Equal(t, time.Date(2024, 12, 31, 23, 59, 59, 0, time.UTC), leaf.NotAfter)
	require.False(t, leaf.IsCA)
	require.NoError(t, chain[2].CheckSignatureFrom(chain[2]), "the last is the root")

	intermediates := x509.NewCertPool()
	intermediates.AddCert(chain[1])
	for _, tt := range []struct {
		name  string
		at    time.Time
		usage x509.ExtKeyUsage
		ok    bool
	}{
		{"a.example", noon, x509.ExtKeyUsageServerAuth, true},
		{"www.a.example", leaf.NotAfter, x509.ExtKeyUsageServerAuth, true},
		{"b.example", noon, x509.ExtKeyUsageServerAuth, false},
		{"a.example", noon.Add(-time.Second), x509.ExtKeyUsageServerAuth, false},
		{"a.example", leaf.NotAfter.Add(time.Second), x509.ExtKeyUsageServerAuth, false},
		{"a.example", noon, x509.ExtKeyUsageCodeSigning, false},
	} {
		chains, err := leaf.Verify(x509.VerifyOptions{
			DNSName: tt.name, Roots: s.Roots(), Intermediates: intermediates, CurrentTime: tt.at, KeyUsages: []x509.ExtKeyUsage{tt.usage},
		})
		require.Equal(t, tt.ok, err == nil, "%v: %v", tt, err)
		if tt.ok {
			require.Len(t, chains[0], 3)
		}
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: s.Roots(), CurrentTime: noon})
	require.Error(t, err, "without the intermediate")

	read, err := s.Client().Certificates.Chain(t.Context(), 70)
	require.NoError(t, err)
	first, err := read[0].Certificate()
	require.NoError(t, err)
	require.True(t, first.Equal(leaf))
}

// TestWhichCertificates requests certificates of all kinds.
func TestWhichCertificates(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New()
	require.NoError(t, err)
	for _, o := range []digicert.SubaccountOrder{
		{ID: 1, Status: "pending"},
		{ID: 2, Status: "pending", DateIssued: noon, Certificate: digicert.OrderCertificate{SerialNumber: "1"}},
		{ID: 3, Status: "canceled", DateIssued: noon},
		{ID: 4, Status: "revoked"},
		{ID: 5, Status: "expired"},
		{ID: 6, Status: "issued", DateIssued: noon, Certificate: digicert.OrderCertificate{ValidTill: date(2020, 1, 1)}}, // ends before it starts
		{ID: 7, Status: "issued", Certificate: digicert.OrderCertificate{SerialNumber: strings.Repeat("f", 40), CommonName: "bad\xffname"}},
		{ID: 8, Status: "issued", Certificate: digicert.OrderCertificate{SerialNumber: "1" + strings.Repeat("f", 40)}},
		{ID: 9, Status: "issued", Certificate: digicert.OrderCertificate{SerialNumber: "0:00"}},
		{ID: 10, Status: "issued", Certificate: digicert.OrderCertificate{SerialNumber: "0A:bC"}},
		{ID: 11, Status: "issued", Certificate: digicert.OrderCertificate{SerialNumber: "-5"}},
		{ID: 12, Status: "issued", ValidityYears: 1 << 40, Certificate: digicert.OrderCertificate{CommonName: strings.Repeat("a.", 200)}},
	} {
		o.Certificate.ID = digicert.CertificateID(o.ID) + 100
		require.NoError(t, s.AddOrder(o))
	}
	require.NoError(t, s.AddReissue(1, digicert.Reissue{ID: 201, Status: "rejected", SerialNumber: "1"}))
	require.NoError(t, s.AddDuplicate(1, digicert.Duplicate{ID: 202, Status: "approved"}))
	require.NoError(t, s.AddDuplicate(1, digicert.Duplicate{ID: 203, Status: "approved", SerialNumber: "5"}))
	require.NoError(t, s.AddReissue(3, digicert.Reissue{ID: 104})) // the order's own comes first
	for id, serial := range map[int]string{
		101: "", 102: "", 103: "*", 104: "*", 105: "*", 106: "*", 107: strings.Repeat("f", 40), 108: "*", 109: "*", 110: "abc", 111: "*", 112: "*",
		201: "", 202: "*", 203: "5", // those of a pending order
		112231: "*", 112232: "", 112230: "", // of the documented status changes: issued, canceled, rejected
		12345: "*", 23456: "", 34567: "", // of the documented reissues: issued with an invalid serial number, rejected, pending
		101015: "fda",
	} {
		path := fmt.Sprintf("/certificate/%d", id)
		got := get(t, s, path+"/chain")
		file := get(t, s, path+"/download/format/pem_nointermediate")
		if serial == "" {
			require.Equal(t, "{}", got.body, id)
			requireError(t, file, 404, "not_found|certificate")
			continue
		}
		chain := chainOf(t, got)
		require.Len(t, chain, 3, id)
		if serial == "*" {
			require.Positive(t, chain[0].SerialNumber.Sign(), id)
			require.LessOrEqual(t, chain[0].SerialNumber.BitLen(), 160, id)
		} else {
			require.Equal(t, serial, chain[0].SerialNumber.Text(16), id)
		}
		require.False(t, chain[0].NotAfter.Before(chain[0].NotBefore), id)
		require.True(t, chain[0].Equal(parsePEM(t, file.body)[0]), id)
	}
	require.Equal(t, "order-4.example.com", chainOf(t, get(t, s, "/certificate/104/chain"))[0].Subject.CommonName)
	require.Equal(t, "2019-04-08T17:33:26Z", chainOf(t, get(t, s, "/certificate/12345/chain"))[0].NotBefore.Format(time.RFC3339), "created, for want of a date of issue")
	require.Equal(t, "9999-12-31T23:59:59Z", chainOf(t, get(t, s, "/certificate/112/chain"))[2].NotAfter.Format(time.RFC3339))

	require.NoError(t, s.RemoveOrder(4))
	require.Equal(t, "order-3.example.com", chainOf(t, get(t, s, "/certificate/104/chain"))[0].Subject.CommonName, "now the reissue's")
	require.NoError(t, s.SetStatus(3, "pending"))
	require.Equal(t, "{}", get(t, s, "/certificate/103/chain").body)
	for _, path := range []string{"/certificate/5/chain", "/certificate/0/chain", "/certificate/5/download/format/cer", "/certificate/5/download/format/x"} {
		requireError(t, get(t, s, path), http.StatusNotFound, "not_found|certificate")
	}
	for _, path := range []string{"/certificate/101015", "/certificate/x/chain", "/certificate/101015/download", "/certificate/101015/download/format/", "/certificate/101015/download/format/a-b"} {
		requireError(t, get(t, s, path), http.StatusNotImplemented, "not_implemented")
	}
	requireError(t, get(t, s, "/certificate/101015/download/format/PEM_ALL"), http.StatusNotFound, "not_found|format")
	requireError(t, get(t, s, "/certificate/101015/chain?x=1"), http.StatusBadRequest, "invalid_parameter|x")
	requireError(t, get(t, s, "/certificate/101015/download/format/cer?x=1"), http.StatusBadRequest, "invalid_parameter|x")
}

func TestWrongCertificate(t *testing.T) {
	t.Parallel()
	s := certificateServer(t)
	serial := func(id int) string {
		chain := chainOf(t, get(t, s, fmt.Sprintf("/certificate/%d/chain", id)))
		leaf := parsePEM(t, get(t, s, fmt.Sprintf("/certificate/%d/download/format/pem_all", id)).body)[0]
		require.True(t, leaf.Equal(chain[0]))
		return leaf.SerialNumber.Text(16)
	}
	right := map[int]string{}
	for _, id := range []int{70, 71, 73, 80} {
		right[id] = serial(id)
	}
	require.NoError(t, s.Inject(digicerttest.WrongCertificate()))
	require.Equal(t, right[71], serial(70), "the first other one")
	require.Equal(t, right[70], serial(71))
	require.Equal(t, right[70], serial(73))
	require.NotContains(t, right, serial(80))
	require.NotEqual(t, right[80], serial(80), "one that is made up")
	require.Equal(t, serial(80), serial(80))
	require.Equal(t, "{}", get(t, s, "/certificate/72/chain").body, "none was issued")
	file, err := s.Client().Certificates.Download(t.Context(), 70, "pem_all")
	require.NoError(t, err)
	_, err = file.Certificates(right[70])
	require.ErrorIs(t, err, digicert.ErrWrongCertificate)

	before := s.Stats().Faulted
	get(t, s, orderPath)
	get(t, s, ownPath+"/1")
	require.Equal(t, before, s.Stats().Faulted, "it is for certificates alone")
	s.ClearFaults()
	require.NoError(t, s.Inject(digicerttest.WrongCertificate().On(digicerttest.Download)))
	require.Equal(t, right[70], chainOf(t, get(t, s, "/certificate/70/chain"))[0].SerialNumber.Text(16))
	require.NotEqual(t, right[70], parsePEM(t, get(t, s, "/certificate/70/download/format/pem_all").body)[0].SerialNumber.Text(16))

	// A reissue with the serial number of the primary certificate is not another one.
	require.NoError(t, s.AddReissue(2, digicert.Reissue{ID: 81, SerialNumber: "00" + right[80]}))
	s.ClearFaults()
	require.NoError(t, s.Inject(digicerttest.WrongCertificate()))
	require.NotEqual(t, right[80], serial(80))
}
