package digicert_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// connect returns a client of an in-memory service with the documented samples. A program of its own calls
// NewClient with its key.
func connect(opts ...digicerttest.Option) (*digicert.Client, *digicerttest.Server) {
	server, err := digicerttest.New(opts...)
	if err != nil {
		log.Fatal(err)
	}
	return server.Client(), server
}

// List what changed within the last ten minutes, and the reissues of one order.
func Example() {
	client, _ := connect()
	ctx := context.Background()

	changes, err := client.StatusChanges.List(ctx, digicert.Last(10*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(changes), "orders changed")

	reissues, err := client.Reissues.List(ctx, 123457, nil)
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
	// digicert: parameter apiKey: it begins or ends with white space, perhaps the newline of a file
}

func ExampleReissuesService_List() {
	client, _ := connect()
	reissues, err := client.Reissues.List(context.Background(), 123457, &digicert.ListReissuesParams{ShowArchived: true})
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
	client, _ := connect()
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
	// 123458 Secure Site SSL 399 USD
	// 123457 Multi-Domain SSL 358 USD
	// 123456 Standard SSL 198 USD
}

func ExampleSubaccountsService_AllOrders() {
	client, _ := connect()
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
	client, _ := connect()
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
	client, _ := connect()
	var page struct {
		Orders []struct {
			ID     digicert.OrderID     `json:"id"`
			Status digicert.OrderStatus `json:"status"`
		} `json:"orders"`
	}
	params := url.Values{"filters[status]": {"issued"}} // or a struct with url tags
	if err := client.Get(context.Background(), "/account/subaccount/order", params, &page); err != nil {
		log.Fatal(err)
	}
	fmt.Println(page.Orders)
	// Output:
	// [{123457 issued}]
}

func ExampleStatusChangesService_Since() {
	client, server := connect()
	now := time.Now()
	if err := server.SetStatusAt(123457, digicert.OrderStatusRevoked, now.AddDate(0, -2, 0)); err != nil {
		log.Fatal(err)
	}
	changes, err := client.StatusChanges.Since(context.Background(), now.AddDate(0, -3, 0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(changes), "orders changed in three months, first:", changes[0].OrderID, changes[0].Status)
	// Output:
	// 8 orders changed in three months, first: 123457 revoked
}

func ExampleStatusChangesService_Watch() {
	client, server := connect(digicerttest.WithoutSamples())
	for id := range digicert.OrderID(2) {
		if err := server.AddOrder(digicert.SubaccountOrder{ID: id + 1, Status: digicert.OrderStatusIssued}); err != nil {
			log.Fatal(err)
		}
	}
	folder, err := os.MkdirTemp("", "watch")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	params := &digicert.WatchParams{
		Start:      time.Now().Add(-time.Hour),
		Checkpoint: digicert.FileCheckpoint(filepath.Join(folder, "checkpoint")),
	}
	handled := 0
	for change, err := range client.StatusChanges.Watch(ctx, params) {
		if err != nil {
			fmt.Println(errors.Is(err, context.Canceled))
			break
		}
		fmt.Println(change.OrderID, change.Status)
		if handled++; handled == 2 {
			cancel() // a real watch goes on for ever
		}
	}
	// Unordered output:
	// 1 issued
	// 2 issued
	// true
}

func ExampleError() {
	client, _ := connect()
	_, err := client.Reissues.List(context.Background(), 999, nil)

	fmt.Println(err)
	fmt.Println(errors.Is(err, digicert.ErrNotFound), errors.Is(err, digicert.CodeNotFound))
	var answer *digicert.Error
	if errors.As(err, &answer) {
		for _, d := range answer.Details {
			fmt.Println(d.Code, "says:", d.Message)
		}
	}
	// Output:
	// digicert: GET /order/certificate/999/reissue: 404 Not Found: not_found|order (The order does not exist.)
	// true true
	// not_found|order says: The order does not exist.
}

// connectOwn returns a client of an in-memory service with one order of the account itself, which has a reissue, a
// rejected one and a duplicate.
func connectOwn() *digicert.Client {
	client, server := connect(digicerttest.WithoutSamples())
	day := func(month time.Month) time.Time { return time.Date(2024, month, 1, 12, 0, 0, 0, time.UTC) }
	err := errors.Join(
		server.AddOrder(digicert.SubaccountOrder{
			ID: 7, Status: digicert.OrderStatusIssued, DateCreated: day(1), DateIssued: day(1),
			Product:     digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"},
			Certificate: digicert.OrderCertificate{ID: 100, CommonName: "example.com", SerialNumber: "0A01"},
		}),
		server.AddReissue(7, digicert.Reissue{ID: 101, SerialNumber: "0A02", DateCreated: day(3), DateIssued: day(3)}),
		server.AddReissue(7, digicert.Reissue{ID: 102, Status: digicert.ReissueStatusRejected, DateCreated: day(4)}),
		server.AddDuplicate(7, digicert.Duplicate{ID: 103, SerialNumber: "0A03", DateCreated: day(2), DateIssued: day(2)}),
	)
	if err != nil {
		log.Fatal(err)
	}
	return client
}

func ExampleOrdersService_Get() {
	order, err := connectOwn().Orders.Get(context.Background(), 7)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(order.ID, order.Status, order.Product.Name)
	fmt.Println(order.Certificate.ID, order.Certificate.CommonName, order.Certificate.SerialNumber)
	// Output:
	// 7 issued Standard SSL
	// 100 example.com 0A01
}

func ExampleOrdersService_All() {
	params := &digicert.ListOrdersParams{Filters: digicert.OrderFilters{Status: digicert.OrderStatusIssued}}
	for order, err := range connectOwn().Orders.All(context.Background(), params) {
		if err != nil {
			log.Fatal(err) // the last that comes
		}
		fmt.Println(order.ID, order.Certificate.CommonName)
		if order.ReissuesCount != nil { // the service need not tell
			fmt.Println(*order.ReissuesCount, "reissues")
		}
	}
	// Output:
	// 7 example.com
	// 2 reissues
}

func ExampleOrdersService_Duplicates() {
	duplicates, err := connectOwn().Orders.Duplicates(context.Background(), 7, &digicert.ListDuplicatesParams{ShowArchived: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range duplicates {
		fmt.Println(d.ID, d.SerialNumber, d.Status)
	}
	// Output:
	// 103 0A03 issued
}

func ExampleOrdersService_History() {
	history, err := connectOwn().Orders.History(context.Background(), 7)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range history.Entries {
		fmt.Print(e.DateCreated.Format(time.DateOnly), " ", e.CertificateID)
		switch {
		case e.Current:
			fmt.Println(" is what the order stands for")
		case e.Superseded:
			fmt.Println(" was superseded")
		case e.Duplicate != nil:
			fmt.Println(" is a duplicate")
		default:
			fmt.Println(" is", e.Status)
		}
	}
	// Output:
	// 2024-01-01 100 was superseded
	// 2024-02-01 103 is a duplicate
	// 2024-03-01 101 is what the order stands for
	// 2024-04-01 102 is rejected
}

func ExampleCertificatesService_Download() {
	client := connectOwn()
	download, err := client.Certificates.Download(context.Background(), 100, digicert.FormatPEMAll)
	if err != nil {
		log.Fatal(err)
	}
	certs, err := download.Certificates("0A01") // the service has been seen to return another one
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(download.MediaType, certs[0].Subject.CommonName)

	_, err = download.Certificates("0A02")
	fmt.Println(errors.Is(err, digicert.ErrWrongCertificate))
	// Output:
	// application/x-pem-file example.com
	// true
}

func ExampleCertificatesService_Chain() {
	chain, err := connectOwn().Certificates.Chain(context.Background(), 100)
	if err != nil {
		log.Fatal(err)
	}
	for i, c := range chain {
		cert, err := c.Certificate()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(i, cert.IsCA, c.SubjectCommonName == cert.Subject.CommonName)
	}
	// Output:
	// 0 false true
	// 1 true true
	// 2 true true
}

func ExampleSubaccountsService_All() {
	client, _ := connect()
	for account, err := range client.Subaccounts.All(context.Background(), nil) {
		if err != nil {
			log.Fatal(err) // the last that comes
		}
		fmt.Println(account.AccountID, account.AccountType, account.OrganizationName)
	}
	// Output:
	// 123445 enterprise Sub account organization
}

func ExampleSubaccountsService_GetOrder() {
	client, _ := connect()
	order, err := client.Subaccounts.GetOrder(context.Background(), 123457)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(order.ID, order.Status, order.Certificate.CommonName)
	// Output:
	// 123457 issued example.com
}

// What an order has to name: an organization that is validated for OV, and a product.
func ExampleOrganizationsService_All() {
	client, _ := connect()
	ctx := context.Background()
	params := &digicert.ListOrganizationsParams{
		IncludeValidation: true,
		Filters:           digicert.OrganizationFilters{Status: digicert.OrganizationActive},
	}
	for org, err := range client.Organizations.All(ctx, params) {
		if err != nil {
			log.Fatal(err)
		}
		for _, v := range org.Validations {
			if v.Type == digicert.ValidationOV && v.Status == digicert.ValidationActive {
				fmt.Println(org.ID, org.Name)
			}
		}
	}
	product, err := client.Products.Get(ctx, "ssl_plus")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(product.NameID, product.AllowedOrderValidityYears, product.SignatureHashTypes.DefaultHashID)
	// Output:
	// 117483 Example Organization
	// ssl_plus [1 2 3] sha256
}

// countingTransport counts the requests that a client sends. Any http.RoundTripper for metrics or traces, such as that of
// otelhttp, is used in the same way.
type countingTransport struct {
	next http.RoundTripper
	sent atomic.Int64
}

func (t *countingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	t.sent.Add(1)
	return t.next.RoundTrip(req)
}

func ExampleWithHTTPClient() {
	server, err := digicerttest.New()
	if err != nil {
		log.Fatal(err)
	}
	counting := &countingTransport{next: server.Transport()}
	client, err := digicert.NewClient(server.Key(), digicert.WithHTTPClient(&http.Client{Transport: counting}))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.Reissues.List(context.Background(), 123457, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println(counting.sent.Load(), "request")
	// Output: 1 request
}

func ExampleCaptureResponse() {
	client, _ := connect()
	var response digicert.Response
	_, err := client.Orders.Get(digicert.CaptureResponse(context.Background(), &response), 999)
	fmt.Println(errors.Is(err, digicert.ErrNotFound), response.StatusCode, response.Attempts)
	// Output: true 404 1
}
