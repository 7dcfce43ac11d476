package digicerttest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
)

// TestSamples checks that a server without options answers with the documented bodies.
func TestSamples(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t)
	memory, err := digicerttest.New()
	require.NoError(t, err)
	const changes = "/order/certificate/status-changes"
	for _, tt := range []struct {
		name, path, sample string
		status             int
	}{
		{"reissues", "/order/certificate/123457/reissue", "reissues", http.StatusOK},
		{"subaccount orders", "/account/subaccount/order", "subaccount_orders", http.StatusOK},
		{"status changes", changes + "?minutes=10", "status_changes", http.StatusOK},
		{"no status changes", changes + "?seconds=1", "status_changes_empty", http.StatusOK},
		{"minutes too long", changes + "?minutes=10081", "error_time_frame_too_long", http.StatusBadRequest},
		{
			"range too long",
			changes + query("filters[status_last_updated]", "2024-01-01...2024-01-09"),
			"error_time_frame_too_long",
			http.StatusBadRequest,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range []*digicerttest.Server{s, memory} {
				got := get(t, s, tt.path)
				require.Equal(t, tt.status, got.status)
				require.Equal(t, "application/json", got.header.Get("Content-Type"))
				require.JSONEq(t, sample(t, tt.sample), got.body)
			}
		})
	}
}

func TestWithoutSamples(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	require.Zero(t, s.Orders())
	require.JSONEq(t, `{"page":{"total":0,"limit":1000,"offset":0}}`, get(t, s, "/account/subaccount/order").body)
	require.JSONEq(t, `{}`, get(t, s, "/order/certificate/status-changes?minutes=10080").body)
	requireError(t, get(t, s, "/order/certificate/123457/reissue"), http.StatusNotFound, "not_found|order")
}
