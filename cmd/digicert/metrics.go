// Metrics of an inventory in the text format of Prometheus.

package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/inventory"
)

// metricDays are the days within which metrics count what expires.
var metricDays = []int{0, 1, 3, 7, 14, 30, 60, 90, 180, 365}

// metricsText returns the metrics; syncs may be nil. The format is that of
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format. Label values do not come from the service, so that it
// cannot add series.
func metricsText(now time.Time, state inventory.State, counts *inventory.Counts, syncs *syncCounts) []byte {
	var m metrics
	m.byStatus("digicert_inventory_orders", "Orders that the service lists, by status.", counts.Orders)
	m.byStatus("digicert_inventory_certificates", "Certificates of these orders, by the status of the order.", counts.Certificates)

	today := digicert.DateOf(now.UTC())
	inUse, expired, unknown := 0, 0, 0
	within := make([]int, len(metricDays))
	for last, n := range counts.InUse {
		inUse += n
		switch {
		case last.IsZero():
			unknown += n
			continue
		case last.Before(today):
			expired += n
			continue
		}
		for i, days := range metricDays {
			if daysFrom(today, last) <= days {
				within[i] += n
			}
		}
	}
	m.gauge("digicert_inventory_certificates_in_use", "Certificates in use, expired ones included.", inUse)
	m.gauge("digicert_inventory_certificates_expired", "Certificates in use that have expired.", expired)
	m.gauge("digicert_inventory_certificates_without_date", "Certificates in use without a known expiry date.", unknown)
	m.family("digicert_inventory_certificates_expiring", "gauge", "Certificates in use that expire within this number of days, without expired ones.")
	for i, days := range metricDays {
		m.sample(fmt.Sprintf(`digicert_inventory_certificates_expiring{within_days="%d"}`, days), within[i])
	}

	m.gauge("digicert_inventory_last_sync_timestamp_seconds", "When the last complete sync ended; 0 if there was none.", unix(state.SyncedAt))
	age := "+Inf"
	if !state.SyncedAt.IsZero() {
		age = strconv.FormatFloat(now.Sub(state.SyncedAt).Seconds(), 'f', -1, 64)
	}
	m.gauge("digicert_inventory_last_sync_age_seconds", "How long ago the last complete sync ended.", age)
	m.gauge("digicert_inventory_last_full_listing_timestamp_seconds", "When the last complete listing of everything began; 0 if there was none.", unix(state.ListedAt))

	if syncs != nil {
		m.family("digicert_inventory_syncs_total", "counter", "Syncs of this server, by their end.")
		m.sample(`digicert_inventory_syncs_total{result="complete"}`, syncs.complete.Load())
		m.sample(`digicert_inventory_syncs_total{result="failed"}`, syncs.failed.Load())
		m.sample(`digicert_inventory_syncs_total{result="busy"}`, syncs.busy.Load())
		m.family("digicert_inventory_requests_total", "counter", "Requests that this server has sent to the service, retries included.")
		m.sample("digicert_inventory_requests_total", syncs.requests.Load())
	}
	return []byte(m.String())
}

// metrics is the text of metrics.
type metrics struct{ strings.Builder }

func (m *metrics) family(name, kind, help string) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (m *metrics) sample(series string, value any) { fmt.Fprintf(m, "%s %v\n", series, value) }

// gauge writes a family that has one sample without labels.
func (m *metrics) gauge(name, help string, value any) {
	m.family(name, "gauge", help)
	m.sample(name, value)
}

// byStatus writes a family that has a sample for each documented status, even if it is 0, and one for all others.
func (m *metrics) byStatus(name, help string, numbers map[digicert.OrderStatus]int) {
	m.family(name, "gauge", help)
	others := maps.Clone(numbers)
	for _, status := range slices.Sorted(slices.Values(orderStatuses)) {
		m.sample(fmt.Sprintf("%s{status=%q}", name, status), numbers[status])
		delete(others, status)
	}
	sum := 0
	for _, n := range others {
		sum += n
	}
	m.sample(name+`{status="other"}`, sum)
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
