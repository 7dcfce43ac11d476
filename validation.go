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

	// NotYet has the reasons if the check failed, for example [CodeInvalidDNSTXT] if the DNS TXT record was not found. The other
	// fields are then zero. Check again later.
	NotYet []ErrorDetail `json:"not_yet,omitzero"`
}

// DNSNameValidation is one entry of "dns_name_validations". [OrdersService.CheckDCV] sets DNSName and Status,
// [OrdersService.Validation] all fields but DNSName.
type DNSNameValidation struct {
	DNSName       string    `json:"dns_name,omitzero"`
	DNSNames      []string  `json:"dns_names,omitzero"`
	Status        string    `json:"status,omitzero"`
	Method        DCVMethod `json:"method,omitzero"`
	DomainID      DomainID  `json:"domain_id,omitzero"`
	NameScope     string    `json:"name_scope,omitzero"` // the validated name
	ApprovalScope string    `json:"approval_scope,omitzero"`
}

// OrderValidation is the validation status of an order. Statuses are preserved as sent: their values are not documented.
type OrderValidation struct {
	OrderStatus    OrderStatus         `json:"order_status,omitzero"`
	OrderNameScope string              `json:"order_name_scope,omitzero"`
	OrderDCVMethod DCVMethod           `json:"order_dcv_method,omitzero"`
	DNSNames       []DNSNameValidation `json:"dns_name_validations"`
	// Organizations is the documented "organization_validations" as sent: its form is not known.
	Organizations json.RawMessage `json:"organization_validations,omitzero"`
}

// Validation returns the validation status of an order: GET /order/certificate/{order_id}/validation. Use [Client.Get] for
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

// CheckDCV makes the service check the tokens of an order: PUT /order/certificate/{order_id}/check-dcv. A failed check is not
// an error. The service responds with status 400 and a code such as [CodeInvalidDNSTXT] or [CodeFileRandomValueNotFound], which
// [DCVCheck.NotYet] contains.
//
// If the response is lost, the error is an *[OutcomeUnknownError]. It is always safe to check again.
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
	err := s.requestCheck(ctx, orderID, check)
	if notYet := failedCheck(err); notYet != nil {
		return &DCVCheck{DNSNames: []DNSNameValidation{}, NotYet: notYet}, nil
	}
	if err != nil {
		return nil, err
	}
	check.DNSNames, check.NotYet = nonNil(check.DNSNames), []ErrorDetail{}
	return check, nil
}

// requestCheck is like CheckDCV, but returns a failed check as an *Error. result may be nil.
func (s *OrdersService) requestCheck(ctx context.Context, orderID OrderID, result any) error {
	return s.client().Do(ctx, http.MethodPut, fmt.Sprintf("%s/%d/check-dcv", ordersPath, orderID), nil, nil, result)
}

// failedCheckCodes are the prefixes of the codes for a check that found no token or a wrong one.
var failedCheckCodes = []string{"invalid_dns_", "invalid_http_", "file_random_value_", "dns_random_value_", "random_value_", "dcv_"}

// failedCheck returns the details of a failed check, or nil if err is another error.
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

// SetDCVMethod changes the validation method of an order: PUT /order/certificate/{order_id}/dcv-method. It returns the token of
// the method; for DCVEmail, which has none, its Value is "".
//
// If the response is lost or cannot be read, SetDCVMethod reads the method of the order, up to the maximum number of attempts of the
// [RetryPolicy], and returns its token. If the order has another method, or a lookup fails, the error is an *[OutcomeUnknownError].
// It is safe to call SetDCVMethod again.
//
// SetDCVMethod returns a *[ParamError] if orderID is not positive or method is not one word, [ErrNotFound] for an unknown order,
// and an *[Error] if the service refuses.
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
			err = s.client().requestToken(ctx, orderID, token)
			return err == nil, err
		},
	})
	if err != nil {
		return nil, err
	}
	return token, nil
}

// DCVToken returns the token for the validation of an order's names: PUT /order/certificate/{order_id}/dcv-random-value. The service
// returns the same token until it expires, and then a new one. The call is therefore retried like a read.
//
// DCVToken returns a *[ParamError] if orderID is not positive, [ErrNotFound] for an unknown order, and a *[DecodeError] if the
// response has no token.
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

// requestToken is DCVToken for a caller that holds the lock of the order.
func (c *Client) requestToken(ctx context.Context, orderID OrderID, token *DCVToken) error {
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
	return &DecodeError{Method: http.MethodPut, Path: path, Pointer: "/dcv_random_value", Err: errors.New("the response has no token")}
}
