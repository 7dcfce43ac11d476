// Domain control validation (DCV) of orders.

package digicert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// DCVToken is a token of domain control validation: the documented "dcv_random_value" of an order, or the "dcv_token" of one of its
// domains.
type DCVToken struct {
	Value          string    `json:"dcv_random_value,omitzero" also:"token"`
	Status         string    `json:"status,omitzero"` // of the token of a domain
	ExpirationDate time.Time `json:"expiration_date,omitzero"`
}

// DCVCheck is the result of [OrdersService.CheckDCV].
type DCVCheck struct {
	OrderStatus   OrderStatus         `json:"order_status,omitzero"`
	CertificateID CertificateID       `json:"certificate_id,omitzero"`
	DCVStatus     string              `json:"dcv_status,omitzero"` // unknown values are preserved
	DNSNames      []DNSNameValidation `json:"dns_name_validations,omitzero"`

	// NotYet says why the check failed, if it did: for example, [CodeInvalidDNSTXT] if the DNS TXT record was not found. The other
	// fields are then zero. Check again later.
	NotYet []ErrorDetail `json:"not_yet,omitzero"`
}

// DNSNameValidation is one entry of "dns_name_validations". The answers of [OrdersService.CheckDCV] have DNSName and Status, those of
// [OrdersService.Validation] all but DNSName.
type DNSNameValidation struct {
	DNSName       string    `json:"dns_name,omitzero"`
	DNSNames      []string  `json:"dns_names,omitzero"`
	Status        string    `json:"status,omitzero"`
	Method        DCVMethod `json:"method,omitzero"`
	DomainID      DomainID  `json:"domain_id,omitzero"`
	NameScope     string    `json:"name_scope,omitzero"` // the name that is validated
	ApprovalScope string    `json:"approval_scope,omitzero"`
}

// OrderValidation is how far the validation of an order has got. Statuses are preserved as they are sent: their values are not documented.
type OrderValidation struct {
	OrderStatus    OrderStatus         `json:"order_status,omitzero"`
	OrderNameScope string              `json:"order_name_scope,omitzero"`
	OrderDCVMethod DCVMethod           `json:"order_dcv_method,omitzero"`
	DNSNames       []DNSNameValidation `json:"dns_name_validations"`
	// Organizations is the documented "organization_validations" as it was sent: its form is not known.
	Organizations json.RawMessage `json:"organization_validations,omitzero"`
}

// Validation returns how far the validation of an order has got: GET /order/certificate/{order_id}/validation. [Client.Get] can send
// the documented query parameter "include_risk_check".
//
// Validation returns a *[ParamError] if orderID is not positive, and [ErrNotFound] for an unknown order.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/order-validation-status.html
func (s *OrdersService) Validation(ctx context.Context, orderID OrderID) (*OrderValidation, error) {
	if err := checkID("order_id", orderID); err != nil {
		return nil, err
	}
	v := new(OrderValidation)
	if _, err := s.client().get(ctx, fmt.Sprintf("%s/%d/validation", ordersPath, orderID), nil, v); err != nil {
		return nil, err
	}
	v.DNSNames = nonNil(v.DNSNames)
	return v, nil
}

// CheckDCV asks the service to look for the tokens of an order: PUT /order/certificate/{order_id}/check-dcv. A check that fails is not
// an error: the service answers it with status 400 and a code such as [CodeInvalidDNSTXT] or [CodeFileRandomValueNotFound], and
// [DCVCheck.NotYet] has it.
//
// A lost answer is an *[OutcomeUnknownError], but nothing is at stake: it is always safe to check again.
//
// CheckDCV returns a *[ParamError] if orderID is not positive, [ErrNotFound] for an unknown order, and an *[Error] if the service
// refuses for another reason.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/check-dcv.html
func (s *OrdersService) CheckDCV(ctx context.Context, orderID OrderID) (*DCVCheck, error) {
	if err := checkID("order_id", orderID); err != nil {
		return nil, err
	}
	check := new(DCVCheck)
	err := s.askForCheck(ctx, orderID, check)
	if notYet := failedCheck(err); notYet != nil {
		return &DCVCheck{DNSNames: []DNSNameValidation{}, NotYet: notYet}, nil
	}
	if err != nil {
		return nil, err
	}
	check.DNSNames, check.NotYet = nonNil(check.DNSNames), []ErrorDetail{}
	return check, nil
}

// askForCheck is CheckDCV with a check that fails as the error that it is. result may be nil.
func (s *OrdersService) askForCheck(ctx context.Context, orderID OrderID, result any) error {
	return s.client().Do(ctx, http.MethodPut, fmt.Sprintf("%s/%d/check-dcv", ordersPath, orderID), nil, nil, result)
}

// failedCheckCodes are how the codes of a check begin that found no token, or another one.
var failedCheckCodes = []string{"invalid_dns_", "invalid_http_", "file_random_value_", "dns_random_value_", "random_value_", "dcv_"}

// failedCheck returns what the service says of a check that failed, or nil if err is something else.
func failedCheck(err error) []ErrorDetail {
	var answer *Error
	var unknown *OutcomeUnknownError
	if !errors.As(err, &answer) || errors.As(err, &unknown) || len(answer.Details) == 0 {
		return nil
	}
	for _, d := range answer.Details {
		if !slices.ContainsFunc(failedCheckCodes, func(begin string) bool { return strings.HasPrefix(string(d.Code), begin) }) {
			return nil
		}
	}
	return answer.Details
}

// SetDCVMethod changes the method of validation of an order: PUT /order/certificate/{order_id}/dcv-method. It returns the token for
// the methods that have one; for DCVEmail its Value is "".
//
// If the answer is lost or cannot be read, SetDCVMethod looks for the method of the order, as often as the [RetryPolicy] allows attempts, and
// returns its token. If the order has another method, or the service cannot be asked, the error is an *[OutcomeUnknownError]. It is
// safe to call SetDCVMethod again.
//
// SetDCVMethod returns a *[ParamError] if orderID is not positive or the method is not one word, [ErrNotFound] for an unknown order, and an
// *[Error] if the service refuses.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/update-dcv-method.html
func (s *OrdersService) SetDCVMethod(ctx context.Context, orderID OrderID, method DCVMethod) (*DCVToken, error) {
	if err := checkID("order_id", orderID); err != nil {
		return nil, err
	}
	if method == "" {
		return nil, missingParam("dcv_method")
	}
	if err := checkWord("dcv_method", method); err != nil {
		return nil, err
	}
	body, err := object{"dcv_method": method}.encode()
	if err != nil {
		return nil, err
	}
	token := new(DCVToken)
	path := fmt.Sprintf("%s/%d/dcv-method", ordersPath, orderID)
	_, err = s.client().carryOut(ctx, &intent{
		lock: targetOf(path), id: path + " " + string(method), method: http.MethodPut, path: path, body: body, result: token,
		look: func(ctx context.Context, _ any) (bool, error) {
			v, err := s.Validation(ctx, orderID)
			if err != nil || v.OrderDCVMethod != method {
				return false, err
			}
			if method == DCVEmail {
				return true, nil
			}
			err = s.client().askForToken(ctx, orderID, token)
			return err == nil, err
		},
	})
	if err != nil {
		return nil, err
	}
	return token, nil
}

// DCVToken returns the token by which the names of an order are validated: PUT /order/certificate/{order_id}/dcv-random-value. As long
// as there is a valid one the service returns that, so the call is retried as a read is; an expired one is replaced.
//
// DCVToken returns a *[ParamError] if orderID is not positive, [ErrNotFound] for an unknown order, and a *[DecodeError] if the
// answer has no token.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/generate-dcv-random-value.html
func (s *OrdersService) DCVToken(ctx context.Context, orderID OrderID) (*DCVToken, error) {
	if err := checkID("order_id", orderID); err != nil {
		return nil, err
	}
	token := new(DCVToken)
	path := dcvTokenPath(orderID)
	if err := s.client().Do(ctx, http.MethodPut, path, nil, nil, token); err != nil {
		return nil, err
	}
	if err := token.check(path); err != nil {
		return nil, err
	}
	return token, nil
}

func dcvTokenPath(orderID OrderID) string {
	return fmt.Sprintf("%s/%d/dcv-random-value", ordersPath, orderID)
}

// askForToken is DCVToken for a caller that holds the lock of the order.
func (c *Client) askForToken(ctx context.Context, orderID OrderID, token *DCVToken) error {
	r, err := c.newRequest(http.MethodPut, dcvTokenPath(orderID), nil, nil, token)
	if err != nil {
		return err
	}
	if _, err := c.do(ctx, r); err != nil {
		return err
	}
	return token.check(r.path)
}

func (t *DCVToken) check(path string) error {
	if t.Value != "" {
		return nil
	}
	return &DecodeError{Method: http.MethodPut, Path: path, Pointer: "/dcv_random_value", Err: errors.New("the answer has no token")}
}
