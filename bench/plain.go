// The plain loop that the lists are compared with.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
)

// plainOrder and the types below are those of the library as anybody would write them, with the same fields of the same
// types, for encoding/json.
type plainOrder struct {
	ID           digicert.OrderID  `json:"id"`
	Certificate  *plainCertificate `json:"certificate"`
	Subaccount   plainSubaccount   `json:"subaccount"`
	Product      plainProduct      `json:"product"`
	OrderPrice   plainPrice        `json:"order_price"`
	Status       string            `json:"status"`
	NumberOfSANs int               `json:"number_of_sans"`
	DateCreated  time.Time         `json:"date_created"`
	DateIssued   time.Time         `json:"date_issued"`
	Validity     int               `json:"validity_years"`
}

type plainCertificate struct {
	ID                int64         `json:"id"`
	Thumbprint        string        `json:"thumbprint"`
	SerialNumber      string        `json:"serial_number"`
	CommonName        string        `json:"common_name"`
	DNSNames          []string      `json:"dns_names"`
	ValidTill         digicert.Date `json:"valid_till"`
	OrganizationUnits []string      `json:"organization_units"`
	SignatureHash     string        `json:"signature_hash"`
}

type plainSubaccount struct {
	AccountID        int64  `json:"account_id"`
	AccountType      string `json:"account_type"`
	OrganizationName string `json:"organization_name"`
}

type plainProduct struct {
	NameID string `json:"name_id"`
	Name   string `json:"name"`
	Type   string `json:"type"`
}

type plainPrice struct {
	Cost     decimal.Decimal `json:"cost"`
	Currency string          `json:"currency"`
}

// plainOwnOrder and the types below are those of the list of the account's own orders.
type plainOwnOrder struct {
	ID             digicert.OrderID     `json:"id"`
	Certificate    *plainOwnCertificate `json:"certificate"`
	Status         string               `json:"status"`
	IsRenewed      bool                 `json:"is_renewed"`
	DateCreated    time.Time            `json:"date_created"`
	Organization   plainNamed           `json:"organization"`
	ValidityYears  int                  `json:"validity_years"`
	OrderValidity  plainValidity        `json:"order_validity"`
	OrderValidTill digicert.Date        `json:"order_valid_till"`
	NoRenewal      bool                 `json:"disable_renewal_notifications"`
	Container      plainNamed           `json:"container"`
	Product        plainProduct         `json:"product"`
	HasDuplicates  bool                 `json:"has_duplicates"`
	Duplicates     int                  `json:"duplicates_count"`
	HasReissues    bool                 `json:"has_reissues"`
	Reissues       int                  `json:"reissues_count"`
	Price          decimal.Decimal      `json:"price"`
	ProductNameID  string               `json:"product_name_id"`
	NumberOfSANs   int                  `json:"number_of_sans"`
	MultiYearPlan  string               `json:"is_multi_year_plan"`
}

type plainOwnCertificate struct {
	ID            int64         `json:"id"`
	CommonName    string        `json:"common_name"`
	DNSNames      []string      `json:"dns_names"`
	SerialNumber  string        `json:"serial_number"`
	ValidFrom     digicert.Date `json:"valid_from"`
	ValidTill     digicert.Date `json:"valid_till"`
	DaysRemaining int           `json:"days_remaining"`
	SignatureHash string        `json:"signature_hash"`
}

type plainNamed struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	IsActive bool   `json:"is_active"`
}

type plainValidity struct {
	Years int `json:"years"`
}

// listPlainly lists the same pages, one after the other. The URL has a sort.
func listPlainly[T any](ctx context.Context, url string, id func(*T) digicert.OrderID) (tally, error) {
	var t tally
	var last digicert.OrderID
	apiKey := key()
	for offset := 0; ; offset += 1000 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s&limit=1000&offset=%d", url, offset), nil)
		if err != nil {
			return t, err
		}
		req.Header.Set("X-DC-DEVKEY", apiKey)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return t, err
		}
		if resp.StatusCode != http.StatusOK {
			resp.Body.Close()
			return t, fmt.Errorf("status %d", resp.StatusCode)
		}
		var page struct {
			Orders []T `json:"orders"`
			Page   struct {
				Total int `json:"total"`
			} `json:"page"`
		}
		err = json.NewDecoder(resp.Body).Decode(&page)
		resp.Body.Close()
		if err != nil {
			return t, err
		}
		for i := range page.Orders {
			t.add(&last, id(&page.Orders[i]))
		}
		if offset+len(page.Orders) >= page.Page.Total || len(page.Orders) == 0 {
			return t, nil
		}
	}
}

// countingClient counts answers.
type countingClient struct {
	client            *http.Client
	requests, refused atomic.Int64
}

func newCountingClient() *countingClient {
	c := new(countingClient)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns
	c.client = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := transport.RoundTrip(req)
		c.requests.Add(1)
		if err == nil && resp.StatusCode == http.StatusTooManyRequests {
			c.refused.Add(1)
		}
		return resp, err
	})}
	return c
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
