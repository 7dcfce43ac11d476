// Package digicerttest is an in-memory CertCentral for tests and demonstrations: the service has no
// sandbox, so whoever automates it would otherwise test against a paying account.
//
// A [Server] holds accounts, orders, certificates and reissues, answers the endpoints as the
// service does, validates parameters, keeps time by a clock that a test can set, enforces rate
// limits if asked to, and misbehaves on request. It speaks HTTP and can be used with any client, in
// any language. It is no part of DigiCert's offering and never contacts it.
//
// # A complete test
//
// NewServer starts a server that closes itself with the test, and holds the documented samples
// unless told otherwise:
//
//	// Expiring is the code under test: the names of the issued certificates that end before a day.
//	func Expiring(ctx context.Context, c *digicert.Client, before digicert.Date) ([]string, error) {
//		var names []string
//		for o, err := range c.Subaccounts.AllOrders(ctx, &digicert.ListSubaccountOrdersParams{
//			Filters: digicert.SubaccountOrderFilters{
//				Status:    digicert.OrderStatusIssued,
//				ValidTill: digicert.DateRange{To: before},
//			},
//		}) {
//			if err != nil {
//				return nil, err
//			}
//			if o.Certificate != nil {
//				names = append(names, o.Certificate.CommonName)
//			}
//		}
//		return names, nil
//	}
//
//	func TestExpiring(t *testing.T) {
//		clock := digicerttest.NewClock(time.Date(2024, 6, 15, 12, 0, 0, 0, time.UTC))
//		server := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithClock(clock.Now))
//		for i, name := range []string{"old.example", "new.example"} {
//			err := server.AddOrder(digicert.SubaccountOrder{
//				ID: digicert.OrderID(i + 1),
//				Certificate: &digicert.OrderCertificate{
//					CommonName: name,
//					ValidTill:  digicert.Date{Year: 2024 + i, Month: 7, Day: 1},
//				},
//				Subaccount: digicert.Subaccount{AccountID: 10, OrganizationName: "Ten"},
//				Status:     digicert.OrderStatusIssued,
//			})
//			if err != nil {
//				t.Fatal(err)
//			}
//		}
//		// The first request meets a proxy that has a bad day. The client is to cope with it.
//		if err := server.Inject(digicerttest.HTMLPage(502).Times(1)); err != nil {
//			t.Fatal(err)
//		}
//
//		got, err := Expiring(t.Context(), server.Client(), digicert.Date{Year: 2025, Month: 1, Day: 1})
//		if err != nil || !slices.Equal(got, []string{"old.example"}) {
//			t.Errorf("got %q, %v", got, err)
//		}
//		if n := server.Stats().Requests; n != 2 {
//			t.Errorf("%d requests", n)
//		}
//	}
//
// [Server.Client] gives a client of this module. Any other takes [Server.URL] and [Server.Key].
// Programs use [Start]; [New] makes a server without a listener, which is an [http.Handler] and has
// a [Server.Transport] that works within testing/synctest. This package does not import testing.
//
// # What is modelled
//
//	endpoints       GET /order/certificate/{order_id}/reissue
//	                GET /account/subaccount/order
//	                GET /order/certificate/status-changes
//	                with all documented parameters
//	state           subaccounts at any depth, orders of theirs and of the account itself, certificates, reissues,
//	                statuses with the moment of their latest change; by hand, or generated
//	fields          present or absent by the status of an order or reissue; certificates only of orders of
//	                immediate subaccounts; empty lists without their key
//	pages           limit, offset, total, sort by several keys, all filters; "issued" includes expired orders;
//	                a service that cuts pages below the limit; orders that come and go between pages
//	status changes  minutes, seconds, both, and a range in Mountain time; the latest change counts; a week at the most
//	access          keys, view-only keys, keys and accounts without the permission for subaccounts
//	limits          rolling windows per key with 429, and counters
//	errors          the recorded codes and messages for keys, limits and time frames; 400, 403, 404, 405
//	faults          statuses, HTML pages, redirects, delays, hanging, resets, truncation, dripping, huge bodies,
//	                and answers in the wrong shape
//
// Not modelled: other endpoints and methods, CSV answers, ETag and other headers, statuses that
// change by themselves (an order does not expire unless [Server.SetStatus] says so), totals that
// are wrong as in some documented examples.
//
// # What is guessed
//
// The documentation is silent on much of what a server has to decide, and nobody without an account
// can ask the service. A test should not rest on these:
//
//   - The order in which a request is checked: key, rate limit, route, method, permission,
//     parameters.
//   - The codes of 400, "invalid_parameter|" and the name of the parameter, and all messages but
//     those of a bad key, the rate limit and time_frame_too_long; that the last of these comes with
//     status 400.
//   - That unknown parameters, parameters given twice and malformed values are refused with 400.
//     The service may ignore some of them; a fake that did would hide a misspelt filter. That an
//     empty value counts as not given, limit=0 as the default, and minutes=0 as no filter.
//   - 405 method_not_allowed for other methods on known routes, and 403
//     access_denied|missing_permission for other methods with a view-only key.
//   - That a request refused by the rate limit does not itself count against it, that one with a
//     bad key does not either, and that the windows are half-open: one request may follow another
//     at exactly the length of the window.
//   - Date filters: a...b includes both days, <d and >d exclude d, and the days are those of UTC.
//   - That filters compare whole values, common_name without regard to case, and see what the
//     answer does not show.
//   - Sorting: by id where nothing is asked for, and among rows that are otherwise equal; texts by
//     their bytes.
//   - Status changes: the latest first, as the documented sample seems to be; placing an order is a
//     change of its status, and so is setting the status that it has; both ends of a range are
//     included, to the second; a day without a time is its midnight; the range is read on the wall
//     clock, so a week is a week when the clocks change; a range mixed with minutes or seconds is
//     refused.
//   - Mountain time: UTC−6 all year, as "MDT" says, unless [WithMountainTime] is told otherwise.
//   - Which statuses come before and which after a certificate is issued, and so which fields are
//     shown: only "once issued" is documented. Of canceled and unknown ones, what there is is
//     shown.
//   - Reissues: "archived" is sent where the request mentions show_archived; days_remaining goes
//     below 0; an order without reissues answers {}.
//   - That status changes and the reissues of an order cover the orders of subaccounts too.
//   - [WithPageLimit] tells the limit it applied in page.limit.
//   - Names, prices and fates of generated orders. Their CSRs, thumbprints and serial numbers
//     belong to no certificate.
package digicerttest
