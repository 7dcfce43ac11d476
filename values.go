// Ids and amounts of money.

package digicert

import (
	"encoding/json"

	"github.com/shopspring/decimal"
)

// The service's ids are positive, have outgrown 32 bits, and arrive as numbers or strings.
type (
	OrderID        int64 // an order, "id" or "order_id"
	CertificateID  int64 // a certificate, "certificate_id" or "certificate.id"
	AccountID      int64 // an account or subaccount, "account_id"
	UserID         int64 // a user of an account, "user_id" or "user.id"
	OrganizationID int64 // an organization, "organization_id" or "organization.id"
	ContainerID    int64 // a container, "container_id" or "container.id"
)

// checkID refuses ids that nothing has.
func checkID[T ~int64](param string, id T) error {
	if id <= 0 {
		return paramErrorf(param, "%d is no id: ids are positive", id)
	}
	return nil
}

// checkFilterID is checkID for a filter, where 0 filters nothing.
func checkFilterID[T ~int64](param string, id T) error {
	if id == 0 {
		return nil
	}
	return checkID(param, id)
}

// Amount is an amount of money that the service sends without a currency.
type Amount struct{ decimal.Decimal }

// MarshalJSON writes a number with all its digits, as the service does, where decimal.Decimal alone
// would write a string.
func (a Amount) MarshalJSON() ([]byte, error) {
	return []byte(a.StringFixed(max(0, -a.Exponent()))), nil
}

// An amount of money has at most maxDigits digits, maxPlaces of them behind the point. Without a
// bound, an exponent of a few characters could ask for gigabytes.
const maxDigits, maxPlaces = 200, 100

func parseDecimal(s string) (decimal.Decimal, bool) {
	if len(s) > 2*maxDigits {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(s)
	if err != nil || d.Exponent() > maxDigits || d.Exponent() < -maxPlaces {
		return decimal.Decimal{}, false
	}
	if d.Exponent() > 0 {
		d = decimal.NewFromBigInt(d.BigInt(), 0) // 1e3 is written again as 1000
	}
	return d, d.NumDigits() <= maxDigits
}

// Price is the documented "order_price". Cost is documented as a whole number and
// appears elsewhere as a decimal; it is kept exactly, to the last digit.
type Price struct {
	Cost     decimal.Decimal `json:"cost"`
	Currency string          `json:"currency,omitzero"` // such as "USD"
}

// MarshalJSON writes the cost as a number, which an [Amount] is.
func (p Price) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Cost     Amount `json:"cost"`
		Currency string `json:"currency,omitzero"`
	}{Amount{p.Cost}, p.Currency})
}
