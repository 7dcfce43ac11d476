package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestRun(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.add(t, 11, 1)
	a.add(t, 12, 2)
	foreign := newAccount(t)
	foreign.Server = a.Server
	out, err := foreign.run(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, out, "the names are not of this folder")

	out, err = a.run(t.Context(), nil)
	require.NoError(t, err)
	require.Regexp(t, `(?m)^host-11.example.com: order 11 is renewed by order \d+, valid till \S+$`, out)
	require.Regexp(t, `(?m)^host-12.example.com: order 12 is reissued, valid till \S+$`, out)
	a.once(t)
	for _, days := range []int{30, 397} { // of which no certificate has so many: it would be replaced for ever
		out, err = a.run(t.Context(), func(r *renewal) { r.days = days })
		require.NoError(t, err)
		require.Empty(t, out)
		a.once(t)
	}
}

// The order of a file is the one whose certificate it has, whatever other orders are for its name.
func TestOwnOrder(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.addOrder(t, 21, hostName(12), 3, 1) // of other people, and expires first
	a.add(t, 12, 2)
	a.addOrder(t, 22, hostName(12), 20, 1)
	a.deploy(t, 12, a.path(12))
	out, err := a.run(t.Context(), nil)
	require.NoError(t, err)
	require.Regexp(t, `^host-12.example.com: order 12 is reissued, valid till \S+\n$`, out)
	require.Equal(t, 3, a.Orders())
	require.Len(t, a.Reissues(12), 1)
	out, err = a.run(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, out)

	// With an empty file it is not known which of them is meant. One of them gets the file.
	b := newAccount(t)
	b.Server = a.Server
	require.NoError(t, os.WriteFile(b.path(12), nil, 0o600))
	out, err = b.run(t.Context(), nil)
	require.Error(t, err)
	require.Contains(t, out, "order 21 is renewed by order")
	require.Contains(t, out, "orders 21 and 22 are both for this name")
	require.Equal(t, 4, a.Orders())
}

// A renewal has what the order had that it renews.
func TestRenewalKeeps(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	require.NoError(t, a.AddContainer(77, "Department"))
	require.NoError(t, a.AddOrganization(digicerttest.Organization{ID: 88, Name: "Eighty-Eight"}))
	now := time.Now()
	a.SetClock(func() time.Time { return now.AddDate(0, 0, -30) })
	in, err := newIntent("x", actionRenew, &digicert.Order{Certificate: digicert.Certificate{CommonName: "a.example", DNSNames: []string{" ", "A.example", "b.example", ""}}})
	require.NoError(t, err)
	require.Equal(t, []string{"a.example", "b.example"}, in.names())
	placed, err := a.Client().Orders.Place(t.Context(), "ssl_multi_domain", &digicert.PlaceOrderParams{
		Certificate: digicert.CertificateRequest{CommonName: "a.example", DNSNames: []string{"b.example"}, CSR: in.Order.Certificate.CSR, SignatureHash: "sha384"},
		ContainerID: 77, OrganizationID: 88, OrderValidity: digicert.Validity{Days: 40}, DCVMethod: digicert.DCVDNSTXT,
		CustomFields: []digicert.CustomField{{MetadataID: 5, Value: "cost centre"}}, AdditionalEmails: []string{"ops@a.example"}, DisableRenewalNotifications: true,
	})
	require.NoError(t, err)
	a.SetClock(func() time.Time { return now })
	path := filepath.Join(a.dir, "web.pem") // under a name of its own
	a.deploy(t, placed.ID, path)
	before, err := a.Client().Orders.Get(t.Context(), placed.ID)
	require.NoError(t, err)

	out, err := a.run(t.Context(), nil)
	require.NoError(t, err)
	require.Contains(t, out, "web: order ")
	old, err := a.Client().Orders.Get(t.Context(), placed.ID)
	require.NoError(t, err)
	after, err := a.Client().Orders.Get(t.Context(), old.RenewedOrderID)
	require.NoError(t, err)
	require.Equal(t, before.Product, after.Product)
	require.Equal(t, digicert.ContainerID(77), after.Container.ID)
	require.Equal(t, digicert.OrganizationID(88), after.Organization.ID)
	require.Equal(t, 40, after.OrderValidity.Days)
	require.Equal(t, digicert.DCVDNSTXT, after.DCVMethod)
	require.Equal(t, before.CustomFields, after.CustomFields)
	require.Len(t, after.CustomFields, 1)
	require.Equal(t, []string{"ops@a.example"}, after.AdditionalEmails)
	require.True(t, after.DisableRenewalNotifications)
	require.Equal(t, "sha384", after.Certificate.SignatureHash)
	require.Equal(t, []string{"a.example", "b.example"}, after.Certificate.DNSNames)
	leaf, err := readCertificate(path)
	require.NoError(t, err)
	require.Equal(t, []string{"a.example", "b.example"}, leaf.DNSNames)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "it has the key")
}

// What needs an approval is left for the next run, and what is rejected is not ordered again.
func TestApproval(t *testing.T) {
	t.Parallel()
	a := newAccount(t, digicerttest.WithApproval())
	a.add(t, 11, 1)
	a.add(t, 12, 2)
	for range 3 {
		out, err := a.run(t.Context(), hurried)
		require.NoError(t, err)
		require.Equal(t, 2, strings.Count(out, "; the next run goes on\n"), out)
	}
	require.Equal(t, 1, a.Count(digicerttest.PlaceOrder).Received)
	require.Equal(t, 1, a.Count(digicerttest.CreateReissue).Received)
	c := a.Client()
	for _, request := range open(t, c) {
		if request.Type == digicert.RequestReissue {
			require.NoError(t, c.Requests.Approve(t.Context(), request.ID, ""))
		} else {
			require.NoError(t, c.Requests.Reject(t.Context(), request.ID, "no budget"))
		}
	}
	out, err := a.run(t.Context(), nil)
	require.EqualError(t, err, "failures: 1")
	require.Contains(t, out, "host-12.example.com: order 12 is reissued")
	require.Contains(t, out, "host-11.example.com: failed: digicert: order")
	require.Contains(t, out, "no budget")
	orders := a.Orders()
	for range 2 {
		out, err = a.run(t.Context(), nil)
		require.Error(t, err)
		require.Contains(t, out, "an earlier order was rejected")
	}
	require.Equal(t, orders, a.Orders())
	require.NoError(t, os.Remove(filepath.Join(a.dir, hostName(11)+rejectedSuffix)))
}

// hurried makes a run end soon where something is pending.
func hurried(r *renewal) { r.patience = 50 * time.Millisecond }

// open returns the requests that wait for a decision.
func open(t *testing.T, c *digicert.Client) (list []digicert.Request) {
	t.Helper()
	for request, err := range c.Requests.All(t.Context(), &digicert.ListRequestsParams{Filters: digicert.RequestFilters{Status: digicert.RequestPending}}) {
		require.NoError(t, err)
		list = append(list, request)
	}
	return list
}

// A reissue that is rejected, or that its order shows no more, is not requested again.
func TestReissueGone(t *testing.T) {
	t.Parallel()
	for _, gone := range []string{"rejected", "canceled", "not shown"} {
		a := newAccount(t, digicerttest.WithApproval())
		a.add(t, 12, 2)
		_, err := a.run(t.Context(), hurried)
		require.NoError(t, err)
		switch gone {
		case "rejected":
			require.NoError(t, a.Client().Requests.Reject(t.Context(), open(t, a.Client())[0].ID, "no"))
		case "canceled":
			require.NoError(t, a.Client().Orders.Cancel(t.Context(), 12, "no"))
		default:
			require.NoError(t, a.SetStatus(12, digicert.OrderStatusIssued))
			require.NoError(t, a.Inject(digicerttest.Status(http.StatusOK, `{}`).On(digicerttest.Reissues)))
		}
		for range 2 {
			out, err := a.run(t.Context(), nil)
			require.EqualError(t, err, "failures: 1", gone)
			require.Contains(t, out, "host-12.example.com: failed: ", gone)
		}
		require.Equal(t, 1, a.Count(digicerttest.CreateReissue).Received, gone)
		require.Zero(t, a.whole(t), gone)
	}
}

// A certificate that is pending for days holds up no other.
func TestOneIsPending(t *testing.T) {
	t.Parallel()
	a := newAccount(t, digicerttest.WithDCV(-1))
	a.add(t, 11, 1)
	a.add(t, 12, 1)
	_, err := a.run(t.Context(), hurried)
	require.NoError(t, err)
	order, err := a.Client().Orders.Get(t.Context(), 12)
	require.NoError(t, err)
	require.NoError(t, a.PassDCV(order.RenewedOrderID))
	_, err = a.Client().Orders.CheckDCV(t.Context(), order.RenewedOrderID)
	require.NoError(t, err)
	out, err := a.run(t.Context(), hurried)
	require.NoError(t, err)
	require.Contains(t, out, "host-11.example.com: pending: order ")
	require.Contains(t, out, "host-12.example.com: order 12 is renewed by order ")
}

// After a lost answer, and after a crash that kept the run from noting the answer, nothing is sent again.
func TestLost(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.add(t, 11, 1)
	a.add(t, 12, 2)
	// No look finds out what became of it: the outcome stays unknown.
	require.NoError(t, a.Inject(
		digicerttest.LoseAnswer(), digicerttest.HTMLPage(http.StatusBadGateway).On(digicerttest.OrdersByAlternativeID).After(1),
		digicerttest.HTMLPage(http.StatusBadGateway).On(digicerttest.Reissues).After(1),
	))
	out, err := a.run(t.Context(), nil)
	require.EqualError(t, err, "failures: 2")
	require.Equal(t, 2, strings.Count(out, "outcome unknown"), out)
	a.ClearFaults()
	out, err = a.run(t.Context(), nil)
	require.NoError(t, err, out)
	a.once(t)
	require.Equal(t, 1, a.Count(digicerttest.PlaceOrder).Received)
	require.Equal(t, 1, a.Count(digicerttest.CreateReissue).Received)
}

// A run that goes on with what an earlier one may have sent looks for it as long as after a lost answer.
func TestShownLate(t *testing.T) {
	t.Parallel()
	for endpoint, years := range map[digicerttest.Endpoint]int{digicerttest.PlaceOrder: 1, digicerttest.CreateReissue: 2} {
		a := newAccount(t)
		a.add(t, 12, years)
		r, _ := a.renewal()
		in, err := r.prepare(t.Context(), hostName(12), 12)
		require.NoError(t, err)
		intended, err := os.ReadFile(in.path())
		require.NoError(t, err)
		require.NoError(t, a.Inject(digicerttest.CommitLate(1).Times(1)))
		require.NoError(t, r.send(t.Context(), in))
		require.Equal(t, digicerttest.Counts{Received: 1, Acted: 1}, a.Count(endpoint))
		require.NoError(t, os.WriteFile(in.path(), intended, 0o600)) // the run ended before it noted the answer

		out, err := a.run(t.Context(), nil)
		require.NoError(t, err, out)
		a.once(t)
		require.Equal(t, 1, a.Count(endpoint).Received)
	}
}

// What the service refuses was not ordered: the next run decides again.
func TestServiceRefuses(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.add(t, 11, 1)
	a.add(t, 12, 2)
	require.NoError(t, a.Inject(digicerttest.APIError(http.StatusBadRequest, "caa_check_failed|x", "x").OnWrites().Times(2)))
	out, err := a.run(t.Context(), nil)
	require.EqualError(t, err, "failures: 2")
	require.Equal(t, 2, strings.Count(out, "caa_check_failed"), out)
	a.nothingLeft(t)
	_, err = a.run(t.Context(), nil)
	require.NoError(t, err)
	a.once(t)
}

// A certificate that is not the one that was asked for does not get into the folder.
func TestWrongCertificate(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.add(t, 12, 2)
	a.deploy(t, 12, a.path(12))
	before, err := os.ReadFile(a.path(12))
	require.NoError(t, err)
	require.NoError(t, a.Inject(digicerttest.WrongCertificate().On(digicerttest.Chain)))
	out, err := a.run(t.Context(), nil)
	require.EqualError(t, err, "failures: 1")
	require.Contains(t, out, "not the certificate asked for")
	after, err := os.ReadFile(a.path(12))
	require.NoError(t, err)
	require.Equal(t, before, after)
	a.ClearFaults()
	_, err = a.run(t.Context(), nil)
	require.NoError(t, err)
	a.once(t)
}

// What no run of this program can renew is reported, and does not keep others from being renewed.
func TestReported(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.add(t, 11, 1)
	a.addOrder(t, 13, hostName(13), 5, 2)
	a.deploy(t, 13, a.path(13))
	require.NoError(t, a.SetStatus(13, digicert.OrderStatusRevoked))
	a.addOrder(t, 14, hostName(14), 5, 2)
	a.deploy(t, 14, a.path(14))
	require.NoError(t, a.SetStatus(14, digicert.OrderStatusReissuePending))
	a.addOrder(t, 15, hostName(15), 5, 2)
	require.NoError(t, os.WriteFile(a.path(15), []byte("not a certificate"), 0o600))
	a.addOrder(t, 16, hostName(16), 5, 2)
	intents := map[string]string{hostName(16): "{}", "other-service": `{"name":"other-service","service":"https://x.example","order":{"Certificate":{"CSR":"x"}}}`}
	for name, content := range intents {
		require.NoError(t, os.WriteFile(filepath.Join(a.dir, name+intentSuffix), []byte(content), 0o600))
	}
	out, err := a.run(t.Context(), func(r *renewal) { r.all = true })
	require.EqualError(t, err, "failures: 5")
	for name, want := range map[string]string{
		hostName(11): "order 11 is renewed by order ", hostName(13): "failed: the certificate ends at ", hostName(14): "failed: order 14 is reissue_pending",
		hostName(15): "failed: " + a.path(15) + ": there is no certificate in it", hostName(16): "failed: " + filepath.Join(a.dir, hostName(16)+intentSuffix) + " is not what",
		"other-service": "failed: " + filepath.Join(a.dir, "other-service.intent.json") + " was begun with https://x.example, not with ",
	} {
		require.Contains(t, out, name+": "+want)
	}
	require.Equal(t, 6, strings.Count(out, "\n"), out)
	require.Equal(t, 6, a.Orders())
	require.Zero(t, a.Count(digicerttest.CreateReissue).Received)
}

// With -all the TLS orders without a file get one, and no other orders.
func TestAll(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.addOrder(t, 12, hostName(12), 9, 2)
	now := time.Now().UTC()
	require.NoError(t, a.AddOrder(digicert.SubaccountOrder{
		ID: 30, Status: digicert.OrderStatusIssued, DateIssued: now.AddDate(-1, 0, 9), Product: digicert.Product{NameID: "client_premium", Type: "client_certificate"},
		Certificate: digicert.OrderCertificate{CommonName: "Somebody", ValidTill: digicert.DateOf(now).AddDays(9)},
	}))
	require.NoError(t, a.AddOrder(digicert.SubaccountOrder{
		ID: 31, Status: digicert.OrderStatusIssued, DateIssued: now.AddDate(-1, 0, 9), Subaccount: digicert.Subaccount{AccountID: 7},
		Certificate: digicert.OrderCertificate{CommonName: "below.example", ValidTill: digicert.DateOf(now).AddDays(9)},
	}))
	for _, want := range []int{1, 0} {
		out, err := a.run(t.Context(), func(r *renewal) { r.all = true })
		require.NoError(t, err, out)
		require.Equal(t, want, strings.Count(out, "\n"), out)
	}
	require.Equal(t, 1, a.whole(t))
	require.Equal(t, 3, a.Orders())
}

// One run at a time uses a folder, and what makes a run impossible sends nothing.
func TestImpossible(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.add(t, 12, 2)
	unlock, err := lock(filepath.Join(a.dir, ".lock"))
	require.NoError(t, err)
	_, err = a.run(t.Context(), nil)
	require.ErrorContains(t, err, "another run uses the folder")
	unlock()
	_, err = a.run(t.Context(), func(r *renewal) { r.days = 0 })
	require.ErrorContains(t, err, "-days must be at least 1")
	_, err = a.run(t.Context(), func(r *renewal) { r.dir = a.path(12) })
	require.Error(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = a.run(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, a.Count(digicerttest.CreateReissue).Received)
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, ".new-123"), []byte("half"), 0o600))
	_, err = a.run(t.Context(), nil)
	require.NoError(t, err)
	a.once(t)
}
