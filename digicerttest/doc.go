// Package digicerttest is an in-memory CertCentral for tests and demonstrations: the service has no
// sandbox, so whoever automates it would otherwise test against a paying account.
//
// A [Server] holds accounts, orders, certificates, reissues and duplicates, answers the endpoints as
// the service does, validates parameters, keeps time by a clock that a test can set, enforces rate
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
//	endpoints       GET /order/certificate
//	                GET /order/certificate/{order_id}
//	                GET /order/certificate/{order_id}/reissue
//	                GET /order/certificate/{order_id}/duplicate
//	                GET /order/certificate/status-changes
//	                GET /account/subaccount
//	                GET /account/subaccount/order
//	                GET /account/subaccount/order/{order_id}
//	                GET /certificate/{certificate_id}/chain
//	                GET /certificate/{certificate_id}/download/format/{format}
//	                with all documented parameters
//	state           subaccounts at any depth, orders of theirs and of the account itself, certificates, reissues,
//	                duplicates, statuses with the moment of their latest change; by hand, or generated
//	fields          present or absent by the status of an order, reissue or duplicate; certificates among the orders
//	                of subaccounts only for immediate ones; empty lists without their key
//	pages           limit, offset, total, sort by several keys, all filters; "issued" includes expired orders;
//	                a service that cuts pages below the limit; orders that come and go between pages
//	status changes  minutes, seconds, both, and a range in Mountain time; the latest change counts; a week at the most
//	certificates    issued by a CA in memory when they are asked for, the same for the same state; they verify with
//	                [Server.Roots]; as a chain, and as pem_all, pem_noroot, pem_nointermediate, cer, p7b, default_pem, apache
//	access          keys, view-only keys, keys and accounts without the permission for subaccounts
//	limits          rolling windows per key with 429, and counters
//	errors          the recorded codes and messages for keys, limits and time frames; 400, 403, 404, 405
//	faults          statuses, HTML pages, redirects, delays, hanging, resets, truncation, dripping, huge bodies,
//	                answers in the wrong shape, the wrong certificate, and a Date that is wrong or missing
//
// Not modelled: other endpoints and methods, CSV answers, ETag and other headers, statuses that
// change by themselves (an order does not expire unless [Server.SetStatus] says so), totals that
// are wrong as in some documented examples, and three documented members whose own members are not
// known: organization_contact and technical_contact of an order info, and the cert_validity of an
// order in its list.
//
// A certificate has the serial number that is shown, where that is a hexadecimal number of 1 to 20
// octets other than 0, or else one derived from its id, as for the "<serial_number>" of a documented
// sample. It is valid from its issue to the end of its last day, in UTC, for the common name and the
// DNS names that can be names in DNS. A thumbprint that the server fills in is that of the
// certificate, but those of generated orders and reissues and those given in samples belong to no
// certificate, nor do any CSRs and key sizes: all keys are ECDSA on P-256.
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
//   - That status changes, order info, the reissues and the duplicates of an order cover the orders of
//     subaccounts too.
//   - The account's own orders: the sort keys, which are those of subaccount orders and the status;
//     that a domain_name finds the names below it too; that email, serial_number and search are
//     compared without regard to case; that search looks at the common name and the DNS names, and
//     finds those that begin with a text without the leading %; that certificate_id and
//     serial_number find an order by its primary certificate alone; that "issued" includes expired
//     orders here too.
//   - That what rejected rows of this list lack, pending ones lack too, and that "dates" are
//     valid_from, valid_till and order_valid_till. That the counts of reissues and duplicates include
//     archived ones.
//   - Order info: that "organization" is [] for products of type dv_ssl_certificate, also within the
//     certificate, in the list and for subaccount orders; that order_validity has the years alone;
//     that more than one year is a multi-year plan; that renewed_order_id and the flags are sent
//     where they say no; when has_pending_request is true. The organization, container, user,
//     requests, platform, receipt, alternative id and payment are made up: one of each for the
//     account, and others for each subaccount. No order is renewed.
//   - That a reissue does not change the primary certificate of its order. The documentation does not
//     say whether the order info shows the reissue from then on.
//   - Duplicates: "archived" is always sent; an approved one shows what there is.
//   - Subaccounts: that the list has the immediate ones alone, by id, and takes limit and offset; the
//     shape of account_manager.
//   - That an order of the account itself is none for GET /account/subaccount/order/{order_id}, and
//     that its certificate is shown under the same condition as in the list.
//   - Chain: that the intermediate follows the leaf, and that the root is part of it; {} for a
//     certificate that was not issued.
//   - Download: 404 for a certificate that was not issued, and not_found|format for a format that is
//     not known; pem_nointermediate is the leaf alone; cer is DER; p7b is a PKCS #7 in PEM; default_pem
//     holds leaf, intermediate and root, apache all but the root; the names in an archive; all media
//     types but application/x-pem-file.
//   - Of which statuses a certificate can be had: of an order with a date of issue unless it shows
//     none, of reissues and duplicates neither pending nor rejected.
//   - [WithPageLimit] tells the limit it applied in page.limit.
//   - Names, prices and fates of generated orders.
package digicerttest
