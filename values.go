// Ids and amounts of money.

package digicert

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/shopspring/decimal"
)

// Ids of the service. They are positive, may exceed 32 bits, and are decoded from numbers and strings.
type (
	OrderID        int64 // an order, "id" or "order_id"
	CertificateID  int64 // a certificate, "certificate_id" or "certificate.id"
	AccountID      int64 // an account or subaccount, "account_id"
	UserID         int64 // a user of an account, "user_id" or "user.id"
	OrganizationID int64 // an organization, "organization_id" or "organization.id"
	ContainerID    int64 // a container, "container_id" or "container.id"
	DomainID       int64 // a domain of an account, "domain_id" or "domains[].id"
	RequestID      int64 // a request that requires approval, "request_id" or "requests[].id"
)

// checkID returns an error unless id is positive.
func checkID[T ~int64](param string, id T) error {
	if id <= 0 {
		return paramErrorf(param, "must be positive, not %d", id)
	}
	return nil
}

// checkFilterID is like checkID, but accepts 0, which means no filter.
func checkFilterID[T ~int64](param string, id T) error {
	if id == 0 {
		return nil
	}
	return checkID(param, id)
}

// checkAnswer returns an error if the response to a GET has another object than the requested one. what is the kind of object,
// and pointer the JSON pointer of its id.
func checkAnswer[T comparable](path, pointer, what string, got, want T) error {
	if got == want {
		return nil
	}
	err := fmt.Errorf("%s %v instead of %v", what, got, want)
	if got == *new(T) {
		err = fmt.Errorf("no %s id instead of %v", what, want)
	}
	return &DecodeError{Method: http.MethodGet, Path: path, Pointer: pointer, Err: err}
}

// Amount is an amount of money that the service sends without a currency. All digits are kept.
type Amount struct{ decimal.Decimal }

// MarshalJSON encodes a as a JSON number with all its digits, as the service does. A decimal.Decimal encodes as a string.
func (a Amount) MarshalJSON() ([]byte, error) {
	return []byte(a.StringFixed(max(0, -a.Exponent()))), nil
}

// An amount of money has at most maxDigits digits, maxPlaces of them after the decimal point. Without these
// bounds, a short exponent could allocate gigabytes.
const maxDigits, maxPlaces = 200, 100

// parseDecimal parses an amount of money and checks these bounds.
func parseDecimal(s string) (decimal.Decimal, bool) {
	if len(s) > 2*maxDigits {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(s)
	if err != nil || d.Exponent() > maxDigits || d.Exponent() < -maxPlaces {
		return decimal.Decimal{}, false
	}
	if d.Exponent() > 0 {
		d = decimal.NewFromBigInt(d.BigInt(), 0) // so that 1e3 is encoded as 1000
	}
	return d, d.NumDigits() <= maxDigits
}

// Price is the documented "order_price". Cost is documented as an integer, but other
// responses have decimals; all digits are kept.
type Price struct {
	Cost     decimal.Decimal `json:"cost"`
	Currency string          `json:"currency,omitzero"` // such as "USD"
}

// MarshalJSON encodes the cost as a JSON number, as [Amount] does.
func (p Price) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Cost     Amount `json:"cost"`
		Currency string `json:"currency,omitzero"`
	}{Amount{p.Cost}, p.Currency})
}
