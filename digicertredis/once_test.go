package digicertredis_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
	"github.com/go-digicert/digicert/digicerttest"
)

// Two machines that want the same at the same moment get one order, and one reissue, whatever answers are lost or late.
func TestOnceAcrossMachines(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		const intents = 500
		seed := newSeed(t)
		csr := newCSR(t)
		server := digicerttest.NewServer(t)
		before := server.Orders()
		require.NoError(t, server.Inject(
			digicerttest.LoseAnswer().On(digicerttest.PlaceOrder).Share(0.2, seed),
			digicerttest.CutWhileActing().On(digicerttest.PlaceOrder).Share(0.1, seed),
			digicerttest.CommitLate(2).On(digicerttest.PlaceOrder).Share(0.2, seed),
			digicerttest.LoseAnswer().On(digicerttest.CreateReissue).Share(0.2, seed),
		))
		name := newName()
		var machines []*digicert.Client
		for range 2 {
			lease := digicertredis.NewLease(s.machine(t, new(wire)), name, 10*time.Second)
			machines = append(machines, server.Client(digicert.WithLocker(lease), digicert.WithRetry(digicert.RetryPolicy{
				MinDelay: time.Millisecond, MaxDelay: 4 * time.Millisecond, MaxAttempts: 8, AttemptTimeout: time.Minute,
			})))
		}
		began := time.Now()
		work := make(chan int)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for i := range work {
					ids := together(t, machines, func(c *digicert.Client) (digicert.OrderID, error) {
						time.Sleep(mathrand.N(200 * time.Microsecond))
						placed, err := c.Orders.Place(t.Context(), "ssl_plus", &digicert.PlaceOrderParams{
							Certificate:        digicert.CertificateRequest{CommonName: "a.example", CSR: csr},
							OrganizationID:     117483,
							AlternativeOrderID: fmt.Sprint("intent ", i),
						})
						if err != nil {
							return 0, err
						}
						return placed.ID, nil
					})
					if ids[0] == 0 || ids[0] != ids[1] {
						t.Errorf("intent %d: orders %v", i, ids)
						continue
					}
					reissues := together(t, machines, func(c *digicert.Client) (digicert.CertificateID, error) {
						issued, err := c.Reissues.Create(t.Context(), ids[0], &digicert.CreateReissueParams{
							Certificate: digicert.CertificateRequest{CommonName: "a.example", CSR: csr}, Since: began,
						})
						if err != nil {
							return 0, err
						}
						return issued.CertificateID, nil
					})
					if reissues[0] == 0 || reissues[0] != reissues[1] {
						t.Errorf("intent %d: reissues %v", i, reissues)
					}
				}
			})
		}
		for i := range intents {
			work <- i
		}
		close(work)
		wg.Wait()
		server.Settle()
		require.Equal(t, intents, server.Orders()-before)
		require.Equal(t, intents, server.Count(digicerttest.PlaceOrder).Acted)
		require.Equal(t, intents, server.Count(digicerttest.CreateReissue).Acted)
	})
}

// together makes both machines do something at the same moment, again after an error that leaves the outcome open.
func together[T any](t *testing.T, machines []*digicert.Client, do func(*digicert.Client) (T, error)) []T {
	results := make([]T, len(machines))
	var wg sync.WaitGroup
	for i, c := range machines {
		wg.Go(func() {
			var err error
			for range 20 {
				if results[i], err = do(c); err == nil {
					return
				}
			}
			t.Error(err)
		})
	}
	wg.Wait()
	return results
}

func newCSR(t *testing.T) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "a.example"}}, private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}
