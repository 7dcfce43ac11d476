package digicert_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// The service of the examples is in memory. A program of your own leaves out WithHTTPClient.
var demo = digicert.WithHTTPClient(&http.Client{Transport: demoService{}})

// demoService answers with the bodies of the service's documentation.
type demoService struct{}

func (demoService) RoundTrip(req *http.Request) (*http.Response, error) {
	status, body := http.StatusOK, ""
	path := strings.TrimPrefix(req.URL.Path, "/services/v2")
	switch path {
	case "/order/certificate/123/reissue":
		body = "reissues.json"
	case "/account/subaccount/order":
		body = "subaccount_orders.json"
	case "/order/certificate/status-changes":
		body = "status_changes.json"
	}
	reader := io.NopCloser(strings.NewReader(`{"errors":[{"code":"not_found|order","message":"No such order."}]}`))
	switch {
	case body != "":
		file, err := os.Open(filepath.Join("testdata", body))
		if err != nil {
			return nil, err
		}
		reader = file
	case path == "/certificate/101015/chain":
		reader = io.NopCloser(strings.NewReader(`{"intermediates":[{"subject_common_name":"example.com","pem":"..."},{"subject_common_name":"DigiCert CA","pem":"..."}]}`))
	default:
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: reader, ContentLength: -1}, nil
}

// List what changed within the last ten minutes, and the reissues of one order.
func Example() {
	client, err := digicert.NewClient("your-api-key", demo)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	changes, err := client.StatusChanges.List(ctx, digicert.Last(10*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(changes), "orders changed")

	reissues, err := client.Reissues.List(ctx, 123, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range reissues {
		fmt.Println(r.ID, r.CommonName, r.Status)
	}
	// Output:
	// 7 orders changed
	// 12345 example.com issued
	// 23456 anewdomain.com rejected
	// 34567 example.net pending
}

func ExampleNewClient() {
	client, err := digicert.NewClient("your-api-key",
		digicert.WithBaseURL(digicert.BaseURLEU),
		digicert.WithUserAgent("inventory/1.4"),
		digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 3}),
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client) // never prints the key

	_, err = digicert.NewClient("your-api-key\n")
	fmt.Println(err)
	// Output:
	// digicert.Client(https://certcentral.digicert.eu/services/v2)
	// digicert: parameter apiKey: it has white space around it, perhaps the newline of a file
}

func ExampleReissuesService_List() {
	client, err := digicert.NewClient("your-api-key", demo)
	if err != nil {
		log.Fatal(err)
	}
	reissues, err := client.Reissues.List(context.Background(), 123, &digicert.ListReissuesParams{ShowArchived: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range reissues {
		fmt.Print(r.CommonName, ": ", r.Status)
		if r.DaysRemaining != nil { // a pending or rejected reissue has no certificate
			fmt.Print(", valid till ", r.ValidTill, ", ", *r.DaysRemaining, " days left")
		}
		fmt.Println()
	}
	// Output:
	// example.com: issued, valid till 2020-04-08, 267 days left
	// anewdomain.com: rejected
	// example.net: pending
}

func ExampleSubaccountsService_ListOrders() {
	client, err := digicert.NewClient("your-api-key", demo)
	if err != nil {
		log.Fatal(err)
	}
	page, err := client.Subaccounts.ListOrders(context.Background(), &digicert.ListSubaccountOrdersParams{
		Limit: 100,
		Sort:  []string{"-date_created"},
		Filters: digicert.SubaccountOrderFilters{
			DateCreated: digicert.DateRange{From: digicert.Date{Year: 2019, Month: time.May, Day: 1}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Orders), "of", page.Page.Total)
	for _, o := range page.Orders {
		fmt.Println(o.ID, o.Product.Name, o.OrderPrice.Cost, o.OrderPrice.Currency)
	}
	// Output:
	// 3 of 3
	// 123456 Standard SSL 198 USD
	// 123457 Multi-Domain SSL 358 USD
	// 123458 Secure Site SSL 399 USD
}

func ExampleSubaccountsService_AllOrders() {
	client, err := digicert.NewClient("your-api-key", demo)
	if err != nil {
		log.Fatal(err)
	}
	for order, err := range client.Subaccounts.AllOrders(context.Background(), nil) {
		if err != nil {
			log.Fatal(err) // the last that comes
		}
		fmt.Println(order.ID, order.Status)
	}
	// Output:
	// 123456 pending
	// 123457 issued
	// 123458 pending
}

func ExampleStatusChangesService_List() {
	client, err := digicert.NewClient("your-api-key", demo)
	if err != nil {
		log.Fatal(err)
	}
	changes, err := client.StatusChanges.List(context.Background(), digicert.Last(10*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range changes {
		if c.Status == digicert.OrderStatusCanceled || c.Status == digicert.OrderStatusRejected {
			fmt.Println(c.OrderID, c.Status)
		}
	}
	// Output:
	// 264 canceled
	// 262 rejected
}

func ExampleLast() {
	params := digicert.Last(90 * time.Minute)
	fmt.Println(params.Minutes, "minutes")
	params = digicert.Last(1500 * time.Millisecond)
	fmt.Println(params.Seconds, "seconds")
	// Output:
	// 90 minutes
	// 2 seconds
}

func ExampleClient_Get() {
	client, err := digicert.NewClient("your-api-key", demo)
	if err != nil {
		log.Fatal(err)
	}
	var chain struct {
		Intermediates []struct {
			SubjectCommonName string `json:"subject_common_name"`
			PEM               string `json:"pem"`
		} `json:"intermediates"`
	}
	if err := client.Get(context.Background(), "/certificate/101015/chain", nil, &chain); err != nil {
		log.Fatal(err)
	}
	for _, c := range chain.Intermediates {
		fmt.Println(c.SubjectCommonName)
	}
	// Output:
	// example.com
	// DigiCert CA
}

func ExampleError() {
	client, err := digicert.NewClient("your-api-key", demo)
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Reissues.List(context.Background(), 999, nil)

	fmt.Println(err)
	fmt.Println(errors.Is(err, digicert.ErrNotFound), errors.Is(err, digicert.CodeNotFound))
	var answer *digicert.Error
	if errors.As(err, &answer) {
		for _, d := range answer.Details {
			fmt.Println(d.Code, "says:", d.Message)
		}
	}
	// Output:
	// digicert: GET /order/certificate/999/reissue: 404 Not Found: not_found|order (No such order.)
	// true true
	// not_found|order says: No such order.
}
