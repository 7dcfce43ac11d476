package digicert_test

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// duplicatesBody has every field that is known of a duplicate, and one that was not issued.
const duplicatesBody = `{"certificates": [
	{
		"id": 3179443638,
		"thumbprint": "03F6",
		"serial_number": "0FDA",
		"common_name": "example.com",
		"dns_names": ["example.com", "www.example.com"],
		"status": "approved",
		"date_created": "2019-06-11T07:08:04+00:00",
		"date_issued": "2019-06-11T07:09:00+00:00",
		"valid_from": "2019-06-11",
		"valid_till": "2020-06-15",
		"days_remaining": 12,
		"csr": "<csr>",
		"server_platform": {"id": 45, "name": "nginx", "install_url": "https://example.com/install", "csr_url": "https://example.com/csr"},
		"signature_hash": "sha256",
		"key_size": 2048,
		"ca_cert_id": "7",
		"sub_id": "001",
		"public_id": "ABC",
		"archived": "1",
		"user_id": 1576,
		"email": "logan.nelson@example.com",
		"firstname": "Logan",
		"lastname": "Nelson",
		"receipt_id": "1234",
		"purchased_dns_names": "2",
		"purchased_wildcard_names": "0"
	},
	{"id": 2, "common_name": "example.com", "dns_names": ["example.com"], "status": "pending", "archived": "0"}
]}`

// duplicates is what duplicatesBody says.
func duplicates() []digicert.Duplicate {
	return []digicert.Duplicate{
		{
			ID:            3179443638,
			Thumbprint:    "03F6",
			SerialNumber:  "0FDA",
			CommonName:    "example.com",
			DNSNames:      []string{"example.com", "www.example.com"},
			Status:        digicert.CertificateStatusApproved,
			DateCreated:   utc(2019, time.June, 11, 7, 8, 4),
			DateIssued:    utc(2019, time.June, 11, 7, 9, 0),
			ValidFrom:     digicert.Date{Year: 2019, Month: time.June, Day: 11},
			ValidTill:     digicert.Date{Year: 2020, Month: time.June, Day: 15},
			DaysRemaining: new(12),
			CSR:           "<csr>",
			ServerPlatform: digicert.ServerPlatform{
				ID: 45, Name: "nginx", InstallURL: "https://example.com/install", CSRURL: "https://example.com/csr",
			},
			SignatureHash:          "sha256",
			KeySize:                2048,
			CACertID:               "7",
			SubID:                  "001",
			PublicID:               "ABC",
			Archived:               true,
			UserID:                 1576,
			Email:                  "logan.nelson@example.com",
			FirstName:              "Logan",
			LastName:               "Nelson",
			ReceiptID:              "1234",
			PurchasedDNSNames:      new(2),
			PurchasedWildcardNames: new(0),
		},
		{ID: 2, CommonName: "example.com", DNSNames: []string{"example.com"}, Status: digicert.CertificateStatusPending},
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, duplicatesBody)

	got, err := c.Orders.Duplicates(t.Context(), 123, nil)

	require.NoError(t, err)
	require.Equal(t, duplicates(), got)
}

func TestDuplicatesRequest(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		params *digicert.ListDuplicatesParams
		query  []string
	}{
		"nil":          {nil, nil},
		"zero":         {&digicert.ListDuplicatesParams{}, nil},
		"ShowArchived": {&digicert.ListDuplicatesParams{ShowArchived: true}, []string{"show_archived=true"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)

			_, err := c.Orders.Duplicates(t.Context(), math.MaxInt64, tc.params)

			require.NoError(t, err)
			req := s.only(t)
			require.Equal(t, http.MethodGet, req.Method)
			require.Equal(t, "/services/v2/order/certificate/9223372036854775807/duplicate", req.URL.Path)
			require.Equal(t, tc.query, queryOf(t, req))
		})
	}
}

func TestDuplicatesRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []digicert.OrderID{0, -1, math.MinInt64} {
		c, s := serve(t, http.StatusOK, `{}`)

		got, err := c.Orders.Duplicates(t.Context(), id, nil)

		requireParamError(t, err, "order_id")
		require.Nil(t, got)
		require.Zero(t, s.GetTotalCallCount())
	}
}
