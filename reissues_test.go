package digicert_test

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestReissuesListSample(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, fixture(t, "reissues.json"))

	got, err := c.Reissues.List(t.Context(), 123, nil)

	require.NoError(t, err)
	require.Equal(t, sampleReissues(), got)
}

// The fields that the documented sample does not have yet, as the documentation's table gives them.
func TestReissuesListNewerFields(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{"certificates": [
		{"id": 1, "status": "issued", "dns_names": ["a.example"], "date_issued": "2024-04-08T18:33:26+00:00", "archived": 1,
		 "days_remaining": 0, "purchased_dns_names": "0", "purchased_wildcard_names": "0"},
		{"id": 2, "status": "pending", "archived": 0}
	]}`)

	got, err := c.Reissues.List(t.Context(), 123, &digicert.ListReissuesParams{ShowArchived: true})

	require.NoError(t, err)
	require.Equal(t, []digicert.Reissue{
		{
			ID: 1, Status: digicert.ReissueStatusIssued, DNSNames: []string{"a.example"},
			DateIssued: utc(2024, time.April, 8, 18, 33, 26), Archived: true,
			// Nothing left and nothing bought is another answer than none.
			DaysRemaining: new(0), PurchasedDNSNames: new(0), PurchasedWildcardNames: new(0),
		},
		{ID: 2, Status: digicert.ReissueStatusPending, DNSNames: []string{}},
	}, got)
}

func TestReissuesListRequest(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		params *digicert.ListReissuesParams
		query  []string
	}{
		"nil":          {nil, nil},
		"zero":         {&digicert.ListReissuesParams{}, nil},
		"ShowArchived": {&digicert.ListReissuesParams{ShowArchived: true}, []string{"show_archived=true"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)

			_, err := c.Reissues.List(t.Context(), math.MaxInt64, tc.params)

			require.NoError(t, err)
			req := s.only(t)
			require.Equal(t, http.MethodGet, req.Method)
			require.Equal(t, "/services/v2/order/certificate/9223372036854775807/reissue", req.URL.Path)
			require.Equal(t, tc.query, queryOf(t, req))
		})
	}
}

func TestReissuesListRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []digicert.OrderID{0, -1, math.MinInt64} {
		c, s := serve(t, http.StatusOK, `{}`)

		got, err := c.Reissues.List(t.Context(), id, nil)

		requireParamError(t, err, "order_id")
		require.Nil(t, got)
		require.Zero(t, s.GetTotalCallCount())
	}
}
