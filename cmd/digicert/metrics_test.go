// Tests of the metrics.

package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/inventory"
)

// samplesOf parses metrics as Prometheus does, and returns the samples by their names and the value of their label.
func samplesOf(t *testing.T, text []byte) map[string]float64 {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	require.NoError(t, err)
	samples := make(map[string]float64)
	for name, family := range families {
		require.NotEmpty(t, family.GetHelp(), name)
		for _, m := range family.GetMetric() {
			series := name
			for _, l := range m.GetLabel() {
				series += " " + l.GetValue()
			}
			switch family.GetType().String() {
			case "GAUGE":
				samples[series] = m.GetGauge().GetValue()
			case "COUNTER":
				require.True(t, strings.HasSuffix(name, "_total"), name)
				samples[series] = m.GetCounter().GetValue()
			default:
				t.Errorf("%s is a %s", name, family.GetType())
			}
		}
	}
	return samples
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 23, 30, 0, 500e6, time.FixedZone("", -3600)) // 00:30 of 5 March in UTC
	today := digicert.Date{Year: 2026, Month: 3, Day: 5}
	counts := &inventory.Counts{
		Orders:       map[digicert.OrderStatus]int{"issued": 5, "revoked": 2, "a\"b\\\n} 9": 3, "new": 4},
		Certificates: map[digicert.OrderStatus]int{"issued": 7},
		InUse: map[digicert.Date]int{
			{}: 1, today.AddDays(-1): 2, today.AddDays(-500): 3, today: 4, today.AddDays(1): 5, today.AddDays(30): 6, today.AddDays(31): 7, today.AddDays(5000): 8,
		},
	}
	state := inventory.State{SyncedAt: now.Add(-90 * time.Second), ListedAt: now.Add(-time.Hour)}
	syncs := new(syncCounts)
	syncs.requests.Store(1234)
	syncs.complete.Store(3)
	syncs.failed.Store(2)
	syncs.busy.Store(1)
	got := samplesOf(t, metricsText(now, state, counts, syncs))
	for series, want := range map[string]float64{
		"digicert_inventory_orders issued": 5, "digicert_inventory_orders revoked": 2, "digicert_inventory_orders other": 7, "digicert_inventory_orders pending": 0,
		"digicert_inventory_certificates issued": 7, "digicert_inventory_certificates other": 0,
		"digicert_inventory_certificates_in_use": 36, "digicert_inventory_certificates_expired": 5, "digicert_inventory_certificates_without_date": 1,
		"digicert_inventory_certificates_expiring 0": 4, "digicert_inventory_certificates_expiring 1": 9, "digicert_inventory_certificates_expiring 14": 9,
		"digicert_inventory_certificates_expiring 30": 15, "digicert_inventory_certificates_expiring 60": 22, "digicert_inventory_certificates_expiring 365": 22,
		"digicert_inventory_last_sync_timestamp_seconds":         float64(state.SyncedAt.Unix()),
		"digicert_inventory_last_sync_age_seconds":               90,
		"digicert_inventory_last_full_listing_timestamp_seconds": float64(state.ListedAt.Unix()),
		"digicert_inventory_syncs_total complete":                3, "digicert_inventory_syncs_total failed": 2, "digicert_inventory_syncs_total busy": 1,
		"digicert_inventory_requests_total": 1234,
	} {
		value, ok := got[series]
		require.True(t, ok, series)
		require.InDelta(t, want, value, 1e-9, series)
	}
	require.Len(t, got, 2*(len(orderStatuses)+1)+3+len(metricDays)+3+4)

	got = samplesOf(t, metricsText(now, inventory.State{}, new(inventory.Counts), nil))
	require.Zero(t, got["digicert_inventory_last_sync_timestamp_seconds"])
	require.True(t, math.IsInf(got["digicert_inventory_last_sync_age_seconds"], 1))
	require.NotContains(t, got, "digicert_inventory_requests_total")
}
