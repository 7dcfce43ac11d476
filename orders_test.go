package digicert_test

import (
	"encoding/json"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestPriceMarshal(t *testing.T) {
	t.Parallel()
	for cost, want := range map[string]string{
		"198":    `{"cost":198,"currency":"USD"}`,
		"198.50": `{"cost":198.50,"currency":"USD"}`,
		"0":      `{"cost":0,"currency":"USD"}`,
		"0.00":   `{"cost":0.00,"currency":"USD"}`,
		"-5.1":   `{"cost":-5.1,"currency":"USD"}`,
		"12e3":   `{"cost":12000,"currency":"USD"}`,
		// More digits than a float has.
		"12345678901234567890.123456789012345678": `{"cost":12345678901234567890.123456789012345678,"currency":"USD"}`,
	} {
		price := digicert.Price{Cost: decimal.RequireFromString(cost), Currency: "USD"}

		for name, marshal := range marshalers {
			encoded, err := marshal(price)
			require.NoError(t, err)
			require.Equal(t, want, string(encoded), name)
		}

		var got digicert.Price
		require.NoError(t, json.Unmarshal([]byte(want), &got))
		require.True(t, price.Cost.Equal(got.Cost))
		require.Equal(t, "USD", got.Currency)
	}
}

// A zero price is left out of an order, and a price without a currency has a cost only.
func TestPriceMarshalZero(t *testing.T) {
	t.Parallel()
	for name, marshal := range marshalers {
		encoded, err := marshal(digicert.SubaccountOrder{})
		require.NoError(t, err)
		require.Equal(t, `{}`, string(encoded), name)

		encoded, err = marshal(digicert.Price{})
		require.NoError(t, err)
		require.Equal(t, `{"cost":0}`, string(encoded), name)
	}
}

// marshalers are the packages by which callers may encode the structs.
var marshalers = map[string]func(any) ([]byte, error){
	"encoding/json":      json.Marshal,
	"go-json-experiment": func(v any) ([]byte, error) { return jsonv2.Marshal(v) },
}
