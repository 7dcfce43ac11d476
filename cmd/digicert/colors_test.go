// Tests of colours.

package main

import (
	"testing"

	"github.com/go-digicert/digicert"
	"github.com/stretchr/testify/require"
)

func TestCellColor(t *testing.T) {
	t.Parallel()
	today := digicert.Date{Year: 2026, Month: 12, Day: 1}
	for _, test := range []struct{ column, text, want string }{
		{"status", "issued", green}, {"certificate.status", "revoked", red}, {"status", "reissue_pending", yellow}, {"status", "brand_new", ""},
		{"common_name", "issued", ""}, {"days_left", "7", red}, {"days_left", "8", yellow}, {"days_left", "30", yellow}, {"days_left", "31", ""}, {"days_left", "", ""},
		{"certificate.valid_till", "2026-11-30", red}, {"valid_till", "2026-12-08", red}, {"valid_till", "2026-12-31", yellow}, {"valid_till", "2027-01-01", ""},
		{"order_valid_till", "2026-12-01", ""}, {"valid_till", "", ""},
		{"validated_until", "2026-12-08T23:59:59Z", red}, {"validated_until", "2026-12-31T00:00:00Z", yellow}, {"validated_until", "2027-01-01T00:00:00Z", ""},
		{"dcv_expiration.ov", "2026-12-08", red}, {"dcv_expiration.ev", "2027-01-01", ""}, {"type", "ov", ""},
	} {
		require.Equal(t, test.want, cellColor(test.column, test.text, today), test)
	}
}
