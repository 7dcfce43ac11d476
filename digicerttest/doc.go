// Package digicerttest provides an in-memory CertCentral for tests and demonstrations. The service itself has no
// sandbox; without a fake, automation has to be tested against a paying account.
//
// A [Server] holds accounts, orders, certificates, reissues and duplicates. It serves the endpoints of the service,
// validates parameters, uses a clock that a test can set, and can enforce rate limits and inject faults. It speaks
// HTTP and works with any client in any language. It is not a product of DigiCert and never contacts the service.
//
// # A complete test
//
// NewServer starts a server that is closed when the test ends. By default it contains the documented samples:
//
//	// Expiring is the code under test: the names of the issued certificates that expire before a day.
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
//			if !o.Certificate.IsZero() {
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
//				Certificate: digicert.OrderCertificate{
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
//		// A proxy responds to the first request with an error page. The client retries.
//		if err := server.Inject(digicerttest.HTMLPage(502).Times(1)); err != nil {
//			t.Fatal(err)
//		}
//
//		got, err := Expiring(t.Context(), server.Client(), digicert.Date{Year: 2025, Month: 1, Day: 1})
//		if err != nil || !slices.Equal(got, []string{"old.example"}) {
//			t.Errorf("got %q, %v", got, err)
//		}
//		if n := server.Stats().Requests; n < 2 {
//			t.Errorf("%d requests: the first one was not retried", n)
//		}
//	}
//
// [Server.Client] returns a client of this module. Any other client needs [Server.URL] and [Server.Key].
// Programs use [Start]. [New] creates a server without a listener, which is an [http.Handler] and has a
// [Server.Transport] that works within testing/synctest. This package does not import testing.
//
// # Writes
//
// The server accepts orders, reissues, duplicates, revocations, cancellations, approvals and checks of domain
// control, and issues certificates for the CSRs of the requests. By default an order is approved and issued
// at once. [WithApproval], [WithDCV], [WithIssueAfterReads] and [WithIssueDelay] add steps.
//
// Code that writes has to handle lost responses. The faults [LoseRequest], [LoseAnswer], [CutWhileActing],
// [CommitLate], [Fault.AfterEffect] and [OtherForm] produce them. [Server.Count] returns how many requests were
// received and how many took effect:
//
//	server := digicerttest.NewServer(t)
//	err := server.Inject(digicerttest.LoseAnswer().Times(1), digicerttest.CommitLate(2).Times(1))
//	// … the code under test places its order …
//	server.Settle()
//	if n := server.Count(digicerttest.PlaceOrder).Acted; n != 1 {
//		t.Errorf("%d orders were placed", n)
//	}
//
// The bodies of requests are neither logged nor stored, because some clients put their API key into them.
//
// # Coverage
//
//	orders          GET /order/certificate
//	                GET /order/certificate/{order_id, serial number or thumbprint}
//	                GET /order/certificate/{order_id}/reissue
//	                GET /order/certificate/{order_id}/duplicate
//	                GET /order/certificate/{order_id}/validation
//	                GET /order/certificate/status-changes
//	                GET /order/alternate/{alternative_order_id}
//	                POST /order/certificate/{product_name_id}
//	                POST /order/certificate/{order_id}/reissue
//	                POST /order/certificate/{order_id}/duplicate
//	                PUT /order/certificate/{order_id}/status
//	                PUT /order/certificate/{order_id}/revoke
//	                PUT /order/certificate/{order_id}/check-dcv
//	                PUT /order/certificate/{order_id}/dcv-method
//	                PUT /order/certificate/{order_id}/dcv-random-value
//	certificates    GET /certificate/{certificate_id}/chain
//	                GET /certificate/{certificate_id}/download/format/{format}
//	                GET /certificate/{certificate_id}/download/platform[/{platform_id}]
//	                GET /certificate/download/order/{order_id}[/format/{format}]
//	                PUT /certificate/{certificate_id or serial number}/revoke
//	requests        GET /request
//	                GET /request/{request_id}
//	                PUT /request/{request_id}/status
//	account         GET /account
//	                GET /account/subaccount
//	                GET /account/subaccount/order
//	                GET /account/subaccount/order/{order_id}
//	                GET /container
//	                GET /domain
//	                GET /domain/{domain_id}
//	                GET /organization
//	                GET /organization/{organization_id}
//	                GET /organization/{organization_id}/validation
//	                GET /product
//	                GET /product/{name_id}
//	                GET /user
//	                GET /user/{user_id}
//	                GET /user/me
//	state           subaccounts at any depth, orders of the account and of its subaccounts, certificates, reissues,
//	                duplicates, requests, statuses with the time of their latest change; added by a test, by
//	                requests, or generated
//	fields          present or absent depending on the status of an order, reissue or duplicate; in the orders of
//	                subaccounts, certificates only for immediate subaccounts; empty lists are omitted
//	pages           limit, offset, total, sort by several keys, all filters; "issued" includes expired orders;
//	                pages below the limit; orders that appear and vanish between pages
//	status changes  minutes, seconds, both, and a range in Mountain time, at most a week; only the latest change
//	certificates    issued on demand by a CA in memory, for the key of the CSR, reproducible for the same state; they
//	                verify with [Server.Roots]
//	access          keys, view-only keys, keys for orders only, keys without the right to approve, keys and accounts
//	                without the permission for subaccounts
//	limits          rolling windows per key with 429, and counters
//	errors          the recorded codes and messages for keys, limits and time frames; the documented codes of writes
//	faults          statuses, HTML pages, redirects, delays, hanging, resets, truncation, slow and huge bodies,
//	                responses in the wrong shape, the wrong certificate, lost responses and late changes, lists with
//	                the wrong order, total or pages, and a Date header that is wrong or missing
//
// The response to any other request has status 501 and a message that says so. A 404 always means that an object
// does not exist, because some clients interpret any 404 in this way.
//
// Not covered: other endpoints and methods, CSV responses, ETag and other headers, orders that expire by
// themselves (use [Server.SetStatus]), wrong totals as in some documented examples, billing and
// balances, and the cert_validity of an order in its list.
//
// The serial number of a certificate is that of the order, reissue or duplicate if it is a hexadecimal number of 1
// to 20 octets other than 0, and otherwise derived from the id, as for the "<serial_number>" of a documented sample.
// The certificate is valid from its issue to the end of its last day, in UTC, for the common name and the DNS names
// that are valid in DNS. A thumbprint that the server fills in matches the certificate; the thumbprints of generated
// orders and reissues and of samples do not. Without a CSR, the key is derived, ECDSA on P-256.
//
// # Guesses
//
// The documentation does not specify everything that a server has to decide, and without an account the service
// cannot be tried. A test should not depend on the following:
//
//   - The order in which a request is checked: key, rate limit, role, route, permission, parameters, body.
//   - The codes of 400 for parameters, "invalid_parameter|" and the name of the parameter, and all messages but
//     those of a bad key, the rate limit and time_frame_too_long; that the last of these has status 400.
//   - That unknown parameters, repeated parameters and malformed values are refused with 400. The service may
//     ignore some of them, but a fake that ignored them would hide a misspelled filter. That an empty value counts as
//     absent, limit=0 as the default, and minutes=0 as no filter. That content_type=json is accepted everywhere.
//   - 403 access_denied|missing_permission for other methods with a view-only key, and outside the role of a key.
//   - That a request refused by the rate limit or for its key does not count against the limit, and that the
//     windows are half-open: one request may follow another at exactly the length of the window.
//   - Date filters: a...b includes both ends, <d and >d exclude d, days are those of UTC, and a day without a time
//     is the whole day. A certificate passes a filter of valid_till if a part of its last day does.
//   - That filters compare whole values, common_name case-insensitively, and apply to fields that the response omits;
//     that a list of values, as in filters[status][0], is accepted for status and product_name_id only.
//   - Sorting: by id by default and among equal rows; strings by their bytes.
//   - Status changes: the latest first, as in the documented sample; placing an order is a change of its status,
//     and so are setting the same status again, a reissue, a duplicate and a revocation of one certificate; both
//     ends of a range are included, to the second; a day without a time is its midnight; the range is in wall clock
//     time, so that a week remains a week when the clocks change; a range with minutes or seconds is refused.
//   - Mountain time: UTC−6 all year, as for "MDT", unless [WithMountainTime] is set.
//   - Which statuses are before and which after the issue of a certificate, and thus which fields are sent: only
//     "once issued" is documented. For canceled orders and unknown statuses all known fields are sent.
//   - Reissues: "archived" is sent if the request has show_archived; days_remaining may be negative; the response for
//     an order without reissues is {}.
//   - That status changes, order info, reissues and duplicates include the orders of subaccounts.
//   - The account's own orders: that a domain_name matches the names below it; that email, serial_number and search
//     are compared case-insensitively; that search compares the common name and the DNS names, and without the
//     leading % their beginning; that certificate_id and serial_number match the primary certificate only; that
//     "issued" includes expired orders.
//   - That pending rows of this list lack the same fields as rejected ones, and that "dates" are valid_from, valid_till
//     and order_valid_till. That the counts of reissues and duplicates include archived ones.
//   - Order info: that "organization" is [] for products of type dv_ssl_certificate, also in the list and for
//     subaccount orders, and absent from the certificate; that order_validity has a single member; that more than
//     one year is a multi-year plan; that renewed_order_id and the flags are sent when they are 0 or false; when
//     has_pending_request is true; that needs_approval orders lack the certificate's id in the list too. The
//     organization, container, user, contacts, requests, platform, receipt and payment of orders that were not placed
//     by a request are invented.
//   - Both spellings of people's names, see [WithNameSpelling].
//   - Subaccounts: that the list has the immediate ones only, by id, and accepts limit and offset; the fields of
//     account_manager.
//   - That GET /account/subaccount/order/{order_id} does not find the account's own orders, and sends a certificate
//     under the same condition as the list.
//   - Chain: that the intermediate follows the leaf, and that the root is included; {} for a certificate that was
//     not issued.
//   - Download: 404 for a certificate that was not issued, and not_found|format for an unknown format; that
//     pem_nointermediate, pem and crt are the leaf only; cer is DER; p7b is a PKCS #7 in PEM; default and default_pem
//     have leaf, intermediate and root, apache all but the root, which is also the default of a platform; the names
//     in an archive and in Content-Disposition; all media types but application/x-pem-file; subId and formatType.
//   - Which certificates can be downloaded: that of an order with a date of issue, unless its status hides it, and
//     those of reissues and duplicates that are neither pending nor rejected.
//   - That the applied limit of [WithPageLimit] is reported in page.limit.
//   - Names, prices and dates of generated orders.
//
// The following about writes is guessed too:
//
//   - That orders, reissues and duplicates are approved at once by default, and revocations are not; that a
//     request always appears in the response; that skip_approval without the right to approve creates a pending
//     request; that the order has the status needs_approval until the approval.
//   - Codes: invalid_value: with the path of the member, duplicates_not_allowed, invalid_order_status,
//     order_not_cancelable, order_has_pending_reissue, certificate_already_revoked, order_already_revoked,
//     certificate_not_issued, invalid_dns_cname, not_found|request, not_found|organization, not_found|domain,
//     not_found|user; and the status 400 of order_not_eligible_for_renewal, order_renewed_already and
//     request_already_processed, which clients know. That one response has all errors of a body.
//   - That an unknown organization or container is refused, that signature_hash is required for orders only, and
//     that an order without a validity is for one year.
//   - That dns_names includes the common name. That a CSR is returned as PEM. That a CSR with an invalid signature
//     is refused, and that CSRs with RSA, ECDSA and Ed25519 keys are accepted.
//   - Validity of public TLS certificates: 397 days, 199 since 2026-02-24, 99 since 2027-02-24, 46 since 2029-02-24.
//   - That an issued reissue becomes the primary certificate of its order, that the order's own date_issued is kept,
//     and that the previous certificate remains available by its id. [Server.AddReissue] does not do so. That several
//     reissues may be pending at once, and that a reissue with fewer names drops the others.
//   - Duplicates: that the response has no certificate_id; the status approved once issued, as in the documented sample.
//   - The status revoked of a certificate in order info and of reissues and duplicates.
//   - That orders are canceled in the statuses needs_approval, needs_csr and processing too, and that this rejects
//     their request.
//   - DCV: that names that belong to a validated domain need no check; that a reissue needs a check for new names
//     only; that a check of an email method fails with invalid_dns_method; the members of organization_validations and
//     the statuses in the validation of an order; that the domains of an order are validated with it.
//   - 404 for an alternative_order_id that no order has.
//   - Requests: their order; that all of the account's orders have one.
//   - Products, organizations, domains, users, containers and the account: their values, and which of the documented
//     fields are sent. That a search matches a part of a name, and for organizations an id. That user/me is the same
//     user for every key.
//   - That a change under [CommitLate] becomes visible as a whole, with the time of the write.
package digicerttest
