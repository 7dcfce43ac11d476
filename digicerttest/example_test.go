package digicerttest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// Expiring is the code under test: the names of the issued certificates that end before a day.
func Expiring(ctx context.Context, c *digicert.Client, before digicert.Date) ([]string, error) {
	var names []string
	for o, err := range c.Subaccounts.AllOrders(ctx, &digicert.ListSubaccountOrdersParams{
		Filters: digicert.SubaccountOrderFilters{
			Status:    digicert.OrderStatusIssued,
			ValidTill: digicert.DateRange{To: before},
		},
	}) {
		if err != nil {
			return nil, err
		}
		if !o.Certificate.IsZero() {
			names = append(names, o.Certificate.CommonName)
		}
	}
	return names, nil
}

// TestExpiring is the complete test of the package comment.
func TestExpiring(t *testing.T) {
	t.Parallel()
	clock := digicerttest.NewClock(time.Date(2024, 6, 15, 12, 0, 0, 0, time.UTC))
	server := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithClock(clock.Now))
	for i, name := range []string{"old.example", "new.example"} {
		err := server.AddOrder(digicert.SubaccountOrder{
			ID: digicert.OrderID(i + 1),
			Certificate: digicert.OrderCertificate{
				CommonName: name,
				ValidTill:  digicert.Date{Year: 2024 + i, Month: 7, Day: 1},
			},
			Subaccount: digicert.Subaccount{AccountID: 10, OrganizationName: "Ten"},
			Status:     digicert.OrderStatusIssued,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// A proxy answers the first request with an error page. The client retries.
	if err := server.Inject(digicerttest.HTMLPage(502).Times(1)); err != nil {
		t.Fatal(err)
	}

	got, err := Expiring(t.Context(), server.Client(), digicert.Date{Year: 2025, Month: 1, Day: 1})
	if err != nil || !slices.Equal(got, []string{"old.example"}) {
		t.Errorf("got %q, %v", got, err)
	}
	if n := server.Stats().Requests; n < 2 {
		t.Errorf("%d requests: the first one was not repeated", n)
	}
}

func Example() {
	server, err := digicerttest.Start() // in a test: digicerttest.NewServer(t)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	client := server.Client()
	if err := server.SetStatus(123458, digicert.OrderStatusIssued); err != nil {
		log.Fatal(err)
	}
	changes, err := client.StatusChanges.List(context.Background(), digicert.Last(time.Second))
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range changes {
		fmt.Println(c.OrderID, c.CertificateID, c.Status)
	}
	fmt.Println(server.Stats().Requests, "request:", server.Requests()[0].RawQuery)
	// Output:
	// 123458 3179443638 issued
	// 1 request: seconds=1
}

func ExampleServer_Inject() {
	server, err := digicerttest.New() // without a listener
	if err != nil {
		log.Fatal(err)
	}
	err = server.Inject(
		digicerttest.HTMLPage(403).Times(1).On(digicerttest.Reissues), // such as a firewall's
		digicerttest.NumbersAsStrings(),
	)
	if err != nil {
		log.Fatal(err)
	}
	client := server.Client()
	_, err = client.Reissues.List(context.Background(), 123457, nil)
	fmt.Println(err)
	reissues, err := client.Reissues.List(context.Background(), 123457, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(reissues), "reissues, the first with id", reissues[0].ID)
	// Output:
	// digicert: GET /order/certificate/123457/reissue: 403 Forbidden
	// 3 reissues, the first with id 12345
}

func ExampleParseFault() {
	server, err := digicerttest.New()
	if err != nil {
		log.Fatal(err)
	}
	fault, err := digicerttest.ParseFault("status=503,times=2,endpoint=subaccount-orders")
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Inject(fault); err != nil {
		log.Fatal(err)
	}
	fmt.Println(fault)
	_, err = digicerttest.ParseFault("stauts=503")
	fmt.Println(err)
	// Output:
	// status=503,times=2,endpoint=subaccount-orders
	// digicerttest: fault "stauts=503": "stauts" is neither a kind of fault nor an option
}

func ExampleServer_OnRequest() {
	server, err := digicerttest.New()
	if err != nil {
		log.Fatal(err)
	}
	// An order vanishes between two pages, so that the next one moves to the page that was already read.
	server.OnRequest(func(r *http.Request) {
		if r.URL.Query().Get("offset") == "1" {
			_ = server.RemoveOrder(123456)
		}
	})
	client := server.Client()
	for _, offset := range []int{0, 1} {
		page, err := client.Subaccounts.ListOrders(context.Background(), &digicert.ListSubaccountOrdersParams{Offset: offset, Limit: 1})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(page.Orders[0].ID, "of", page.Page.Total)
	}
	// Output:
	// 123456 of 3
	// 123458 of 2
}
