package digicert_test

import (
	"encoding/json"
	"net/http"
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

// An amount without a currency is written as the same number.
func TestAmountMarshal(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		`198`:                  `{"price":198}`,
		`"198"`:                `{"price":198}`,
		`198.50`:               `{"price":198.50}`,
		`"198.50"`:             `{"price":198.50}`,
		`-5.1`:                 `{"price":-5.1}`,
		`12e3`:                 `{"price":12000}`,
		`9007199254740993.001`: `{"price":9007199254740993.001}`,
		`0`:                    `{}`,
		`"0.00"`:               `{}`,
		`null`:                 `{}`,
	} {
		type priced struct {
			Price digicert.Amount `json:"price,omitzero"`
		}
		var got priced
		c, _ := serve(t, http.StatusOK, `{"price": `+sent+`}`)
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got), sent)
		for name, marshal := range marshalers {
			encoded, err := marshal(got)
			require.NoError(t, err)
			require.Equal(t, want, string(encoded), name)

			var again priced
			require.NoError(t, json.Unmarshal(encoded, &again))
			require.True(t, got.Price.Equal(again.Price.Decimal))
		}
	}
}
