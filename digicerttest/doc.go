// Package digicerttest is an in-memory CertCentral for tests and demonstrations. The service has no sandbox,
// so that automation would otherwise be tested against a paying account.
//
// A [Server] holds accounts, orders, certificates, reissues and duplicates, answers the endpoints as
// the service does, validates parameters, uses a clock that a test can set, and can enforce rate limits
// and inject faults. It speaks HTTP and can be used with any client, in any language. It is not a product
// of DigiCert and never contacts the service.
//
// # A complete test
//
// NewServer starts a server that is closed when the test ends. By default it holds the documented samples:
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
//		// A proxy answers the first request with an error page. The client retries.
//		if err := server.Inject(digicerttest.HTMLPage(502).Times(1)); err != nil {
//			t.Fatal(err)
//		}
//
//		got, err := Expiring(t.Context(), server.Client(), digicert.Date{Year: 2025, Month: 1, Day: 1})
//		if err != nil || !slices.Equal(got, []string{"old.example"}) {
//			t.Errorf("got %q, %v", got, err)
//		}
//		if n := server.Stats().Requests; n < 2 {
//			t.Errorf("%d requests: the first one was not repeated", n)
//		}
//	}
//
// [Server.Client] returns a client of this module. Any other client needs [Server.URL] and [Server.Key].
// Programs use [Start]. [New] creates a server without a listener, which is an [http.Handler] and has a
// [Server.Transport] that works within testing/synctest. This package does not import testing.
//
// # Writes
//
// The server takes orders, reissues, duplicates, revocations, cancellations, approvals and checks of domain
// control, and issues certificates for the CSRs of the requests. By default an order is approved and issued
// at once. [WithApproval], [WithDCV], [WithIssueAfterReads] and [WithIssueDelay] add steps.
//
// Whoever automates writes has to cope with answers that are lost. [LoseRequest], [LoseAnswer],
// [CutWhileActing], [CommitLate], [Fault.AfterEffect] and [OtherForm] are the faults for that, and
// [Server.Count] counts what was received and what took effect:
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
// # What is modelled
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
//	state           subaccounts at any depth, orders of theirs and of the account itself, certificates, reissues,
//	                duplicates, requests, statuses with the time of their latest change; added by a test, by
//	                requests, or generated
//	fields          present or absent by the status of an order, reissue or duplicate; certificates among the orders
//	                of subaccounts only for immediate ones; empty lists without their key
//	pages           limit, offset, total, sort by several keys, all filters; "issued" includes expired orders;
//	                pages below the limit; orders that appear and vanish between pages
//	status changes  minutes, seconds, both, and a range in Mountain time; the latest change counts; at most a week
//	certificates    issued on demand by a CA in memory, the same for the same state, for the key of the CSR; they
//	                verify with [Server.Roots]
//	access          keys, view-only keys, keys for orders only, keys without the right to approve, keys and accounts
//	                without the permission for subaccounts
//	limits          rolling windows per key with 429, and counters
//	errors          the recorded codes and messages for keys, limits and time frames; the documented codes of writes
//	faults          statuses, HTML pages, redirects, delays, hanging, resets, truncation, slow and huge bodies,
//	                answers in the wrong shape, the wrong certificate, lost answers and late changes, lists that
//	                lie about their order, total or pages, and a Date that is wrong or missing
//
// Anything else is answered with 501 and a text that says so. A 404 always means that a thing does not exist:
// some clients take any 404 for that.
//
// Not modelled: other endpoints and methods, CSV answers, ETag and other headers, orders that expire by
// themselves (unless [Server.SetStatus] says so), wrong totals as in some documented examples, billing and
// balances, and the cert_validity of an order in its list.
//
// A certificate has the serial number that is sent, if that is a hexadecimal number of 1 to 20 octets other than
// 0, or else one derived from its id, as for the "<serial_number>" of a documented sample. It is valid from its
// issue to the end of its last day, in UTC, for the common name and the DNS names that are valid in DNS. A
// thumbprint that the server fills in is that of the certificate, but those of generated orders and reissues and
// those given in samples are not. Where no request had a CSR, the key is derived, ECDSA on P-256.
//
// # What is guessed
//
// The documentation does not say much of what a server has to decide, and nobody without an account can ask the
// service. A test should not depend on the following:
//
//   - The order in which a request is checked: key, rate limit, role, route, permission, parameters, body.
//   - The codes of 400 for parameters, "invalid_parameter|" and the name of the parameter, and all messages but
//     those of a bad key, the rate limit and time_frame_too_long; that the last of these has status 400.
//   - That unknown parameters, repeated parameters and malformed values are refused with 400. The service may
//     ignore some of them; a fake that did would hide a misspelled filter. That an empty value counts as absent,
//     limit=0 as the default, and minutes=0 as no filter. That content_type=json is accepted everywhere.
//   - 403 access_denied|missing_permission for other methods with a view-only key, and outside the role of a key.
//   - That a request refused by the rate limit or for its key does not count against the limit, and that the
//     windows are half-open: one request may follow another at exactly the length of the window.
//   - Date filters: a...b includes both ends, <d and >d exclude d, days are those of UTC, and a day without a time
//     is the whole day. A certificate passes a filter of valid_till if a part of its last day does.
//   - That filters compare whole values, common_name case-insensitively, and also see what the answer omits; that
//     a list of values, as in filters[status][0], is only taken for status and product_name_id.
//   - Sorting: by id by default and among equal rows; texts by their bytes.
//   - Status changes: the latest first, as in the documented sample; placing an order is a change of its status,
//     and so are setting the same status again, a reissue, a duplicate and a revocation of one certificate; both
//     ends of a range are included, to the second; a day without a time is its midnight; the range is read on the
//     wall clock, so that a week is a week when the clocks change; a range with minutes or seconds is refused.
//   - Mountain time: UTC−6 all year, as "MDT" says, unless [WithMountainTime] says otherwise.
//   - Which statuses come before and which after the issue of a certificate, and so which fields are sent: only
//     "once issued" is documented. For canceled and unknown ones, everything known is sent.
//   - Reissues: "archived" is sent if the request mentions show_archived; days_remaining may be negative; an order
//     without reissues answers {}.
//   - That status changes, order info, reissues and duplicates include the orders of subaccounts.
//   - The account's own orders: that a domain_name matches the names below it; that email, serial_number and search
//     are compared case-insensitively; that search compares the common name and the DNS names, and without the
//     leading % their beginning; that certificate_id and serial_number match the primary certificate only; that
//     "issued" includes expired orders.
//   - That pending rows of this list lack what rejected ones lack, and that "dates" are valid_from, valid_till and
//     order_valid_till. That the counts of reissues and duplicates include archived ones.
//   - Order info: that "organization" is [] for products of type dv_ssl_certificate, also in the list and for
//     subaccount orders, and absent from the certificate; that order_validity has a single member; that more than
//     one year is a multi-year plan; that renewed_order_id and the flags are sent when they are 0 or false; when
//     has_pending_request is true; that needs_approval orders lack the certificate's id in the list too. The
//     organization, container, user, contacts, requests, platform, receipt and payment of orders that no request
//     placed are invented.
//   - Both spellings of people's names, see [WithNameSpelling].
//   - Subaccounts: that the list has the immediate ones only, by id, and takes limit and offset; the fields of
//     account_manager.
//   - That GET /account/subaccount/order/{order_id} does not know the account's own orders, and sends a certificate
//     under the same condition as the list.
//   - Chain: that the intermediate follows the leaf, and that the root is included; {} for a certificate that was
//     not issued.
//   - Download: 404 for a certificate that was not issued, and not_found|format for an unknown format; that
//     pem_nointermediate, pem and crt are the leaf only; cer is DER; p7b is a PKCS #7 in PEM; default, default_pem
//     hold leaf, intermediate and root, apache all but the root, which is also the default of a platform; the names
//     in an archive and in Content-Disposition; all media types but application/x-pem-file; subId and formatType.
//   - Which certificates can be downloaded: of an order with a date of issue unless it shows none, and of reissues
//     and duplicates that are neither pending nor rejected.
//   - [WithPageLimit] reports the limit that was applied in page.limit.
//   - Names, prices and dates of generated orders.
//
// Of writes, these are guesses too:
//
//   - That orders, reissues and duplicates are approved at once by default, and revocations are not; that a
//     request always appears in the answer; that skip_approval without the right to approve makes a pending
//     request; that the order has the status needs_approval until then.
//   - Codes: invalid_value: with the path of the member, duplicates_not_allowed, invalid_order_status,
//     order_not_cancelable, order_has_pending_reissue, certificate_already_revoked, order_already_revoked,
//     certificate_not_issued, invalid_dns_cname, not_found|request, not_found|organization, not_found|domain,
//     not_found|user; and the status 400 of order_not_eligible_for_renewal, order_renewed_already and
//     request_already_processed, which clients know. That all errors of a body come in one answer.
//   - That an unknown organization or container is refused, that signature_hash is required for orders only, and
//     that an order without a validity is for one year.
//   - That dns_names includes the common name. That a CSR is sent back as PEM. That a CSR with an invalid signature
//     cannot be parsed, and that CSRs with RSA, ECDSA and Ed25519 keys can.
//   - Validity of public TLS certificates: 397 days, 199 since 2026-02-24, 99 since 2027-02-24, 46 since 2029-02-24.
//   - That an issued reissue becomes the primary certificate of its order, that the order's own date_issued stays,
//     and that the certificate before remains available by its id. [Server.AddReissue] does not do so. That several
//     reissues may wait at once, and that a reissue with fewer names drops the others.
//   - Duplicates: that the answer has no certificate_id; the status approved once issued, as in the documented sample.
//   - The status revoked of a certificate in order info and of reissues and duplicates.
//   - That orders are canceled in the statuses needs_approval, needs_csr and processing too, and that this rejects
//     their request.
//   - DCV: that the names of an order that belong to a validated domain need no check; that a reissue only needs one for
//     new names; that a check of an email method fails with invalid_dns_method; the members of
//     organization_validations and the statuses in the validation of an order; that the domains of an order are
//     validated with it.
//   - 404 for an alternative_order_id that no order has.
//   - Requests: their order; that all of the account's orders have one.
//   - Products, organizations, domains, users, containers and the account: their values, and which of the documented
//     fields are sent. That a search finds a part of a name, and of organizations an id. That user/me is the same
//     user for every key.
//   - When a change is visible under [CommitLate]: as a whole, and with the time of the write.
package digicerttest
