package digicert_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"iter"
	"log"
	"os"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// exampleCSR returns a CSR with a key that is thrown away.
func exampleCSR(name string) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
	if err != nil {
		log.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

// An order whose answer is lost is found by its alternative id, and a second call does not place another one.
func ExampleOrdersService_Place() {
	client, server := connect(digicerttest.WithoutSamples())
	ctx := context.Background()
	if err := server.Inject(digicerttest.LoseAnswer().Times(1).On(digicerttest.PlaceOrder)); err != nil {
		log.Fatal(err)
	}
	params := &digicert.PlaceOrderParams{
		Certificate:        digicert.CertificateRequest{CommonName: "www.example.com", CSR: exampleCSR("www.example.com")},
		OrganizationID:     117483,
		OrderValidity:      digicert.Validity{Years: 1},
		AlternativeOrderID: "www-2026-11", // stored before the call
	}
	for range 2 {
		placed, err := client.Orders.Place(ctx, "ssl_plus", params)
		var unknown *digicert.OutcomeUnknownError
		if errors.As(err, &unknown) {
			log.Fatal("call again with ", unknown.AlternativeOrderID)
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(placed.AlternativeOrderID, placed.Status, placed.Found)
	}
	fmt.Println(server.Orders(), "order")
	// Output:
	// www-2026-11 issued true
	// www-2026-11 issued true
	// 1 order
}

// An order that somebody rejects ends the wait, with the reason.
func ExampleOrdersService_WaitIssued() {
	client, _ := connect(digicerttest.WithoutSamples(), digicerttest.WithApproval())
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	placed, err := client.Orders.Place(ctx, "ssl_plus", &digicert.PlaceOrderParams{
		Certificate:    digicert.CertificateRequest{CommonName: "www.example.com", CSR: exampleCSR("www.example.com")},
		OrganizationID: 117483,
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Requests.Reject(ctx, placed.Requests[0].ID, "no budget"); err != nil {
		log.Fatal(err)
	}
	_, err = client.Orders.WaitIssued(ctx, placed.ID, nil)
	var ended *digicert.NotIssuedError
	if errors.As(err, &ended) {
		fmt.Println(ended.Order.Status, ended.Reason)
	}
	// Output: rejected no budget
}

// What expires within 30 days, and what is to be done about it.
func ExampleClient_Expiring() {
	client, server := connect(digicerttest.WithoutSamples())
	now := time.Now().UTC()
	for i, years := range []int{1, 2} {
		if err := server.AddOrder(digicert.SubaccountOrder{
			ID: digicert.OrderID(1001 + i), Status: digicert.OrderStatusIssued, DateIssued: now.AddDate(-1, 0, 9), ValidityYears: years,
			Certificate: digicert.OrderCertificate{CommonName: fmt.Sprintf("host-%d.example.com", i), ValidTill: digicert.DateOf(now).AddDays(9)},
		}); err != nil {
			log.Fatal(err)
		}
	}
	for e, err := range client.Expiring(context.Background(), 30*24*time.Hour) {
		if err != nil {
			log.Fatal(err)
		}
		action := "renew"
		if e.OrderValidTill.After(e.ValidTill.AddDays(30)) {
			action = "reissue"
		}
		fmt.Println(e.CommonName, "expires in", e.DaysLeft, "days:", action, "order", e.OrderID)
	}
	// Output:
	// host-0.example.com expires in 9 days: renew order 1001
	// host-1.example.com expires in 9 days: reissue order 1002
}

// The issued orders of one product that expire in the first quarter, by their expiry.
func ExampleListOrdersParams() {
	client, _ := connect()
	params := &digicert.ListOrdersParams{
		Sort: []string{"valid_till"},
		Filters: digicert.OrderFilters{
			Status:        digicert.OrderStatusIssued,
			ProductNameID: "ssl_plus",
			ValidTill: digicert.DateRange{
				From: digicert.Date{Year: 2027, Month: time.January, Day: 1},
				To:   digicert.Date{Year: 2027, Month: time.March, Day: 31},
			},
		},
	}
	for order, err := range client.Orders.All(context.Background(), params) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(order.ID, order.Certificate.ValidTill)
	}
}

// Two clients that use one key share a limiter, and so its limits and its pauses.
func ExampleWithLimiter() {
	limiter := digicert.NewRollingLimiter(digicert.Window{Requests: 50, Per: 5 * time.Second}) // half of what is documented
	us, err := digicert.NewClient("your-api-key", digicert.WithLimiter(limiter))
	if err != nil {
		log.Fatal(err)
	}
	other, err := digicert.NewClient("your-api-key", digicert.WithLimiter(limiter), digicert.WithUserAgent("report/1.0"))
	if err != nil {
		log.Fatal(err)
	}
	_, _ = us, other
}

// A key that is rotated is read again for every attempt.
func ExampleWithAPIKeyFunc() {
	client, err := digicert.NewClient("", digicert.WithAPIKeyFunc(func(context.Context) (string, error) {
		key, err := os.ReadFile("/run/secrets/digicert-api-key")
		return strings.TrimSpace(string(key)), err
	}))
	if err != nil {
		log.Fatal(err)
	}
	_ = client
}

// Orders is an interface of the program's own, with what it uses of the client. A *digicert.OrdersService has these methods.
type Orders interface {
	All(ctx context.Context, params *digicert.ListOrdersParams) iter.Seq2[digicert.Order, error]
}

// fakeOrders is an Orders for tests.
type fakeOrders []digicert.Order

func (f fakeOrders) All(context.Context, *digicert.ListOrdersParams) iter.Seq2[digicert.Order, error] {
	return func(yield func(digicert.Order, error) bool) {
		for _, o := range f {
			if !yield(o, nil) {
				return
			}
		}
	}
}

// countIssued is the code under test.
func countIssued(ctx context.Context, orders Orders) (n int, err error) {
	for order, err := range orders.All(ctx, nil) {
		if err != nil {
			return n, err
		}
		if order.Status == digicert.OrderStatusIssued {
			n++
		}
	}
	return n, nil
}

// Services are structs, so that they can grow. A program that wants to replace one declares an interface with the methods that it uses.
func ExampleOrdersService() {
	client, _ := connect()
	var _ Orders = client.Orders
	n, err := countIssued(context.Background(), fakeOrders{{ID: 1, Status: digicert.OrderStatusIssued}, {ID: 2, Status: digicert.OrderStatusPending}})
	fmt.Println(n, err)
	// Output: 1 <nil>
}
