// Package digicert is a client for the DigiCert CertCentral Services API v2. It reads the orders of an account with their
// reissues, duplicates and history, certificates and their chains, subaccounts and their orders, order status changes,
// organizations, domains, products and users. It places orders, requests reissues and duplicates, revokes certificates,
// cancels orders, approves requests and validates domains. [Client.Get] and [Client.Do] call any other endpoint.
// The package is not affiliated with DigiCert.
//
//	client, err := digicert.NewClient(os.Getenv("DIGICERT_API_KEY"))
//	...
//	for order, err := range client.Orders.All(ctx, nil) {
//
// A Client is designed for programs that run unattended. The following applies to every call.
//
// # The life of a request
//
// Each attempt gets the API key, waits for any pause to end, takes a slot from the [Limiter], sends the request, and decodes
// the response within limits of time and size. An attempt that fails with a transient error is repeated after a backoff.
//
// # Invalid input
//
// If the service would refuse a parameter, the call returns a *[ParamError] and sends nothing. [NewClient] does so for a base
// URL with user info, for one without https (except on loopback), and for a key that is not one word of printable ASCII.
//
// # Pacing
//
// Every request, including retries and redirects, takes a slot before it is sent. The default [RollingLimiter] keeps to the
// documented limits of a key: 100 requests in 5 s and 1000 in 3 min. Clients that use the same key should share a limiter, see
// [WithLimiter].
//
// If the service responds with status 429 nevertheless, because other programs use the key too, all requests that share the
// limiter wait for the Retry-After, or without one for ten times the backoff. Then they start one by one. If the wait would
// outlast the deadline of the context, the call fails at once. The error matches [ErrRateLimited] and [context.DeadlineExceeded].
//
// # Retries
//
// Transport errors, time-outs ([RetryPolicy].AttemptTimeout), truncated bodies, and the statuses 429, 500, 502, 503 and 504 are
// retried, with exponential backoff and full jitter, or after the Retry-After. Other statuses, refused redirects, bodies that
// are too large or cannot be decoded, certificates that do not verify, a proxy that requires authentication, and a key function
// that fails are not retried. [WithRetry] changes the limits.
//
// # Writes
//
// The service has no idempotency key and bills a repeated request again. A write is sent again only if the service certainly
// did not process it: no connection was made, HTTP/2 reported that the request was not processed, or the status was 429. After
// a failure that leaves the outcome open, such as a time-out or a status 5xx, the typed methods look for the effect of the
// write. If they find it, they return it as if the response had arrived; otherwise they return an *[OutcomeUnknownError]. See
// [OrdersService.Place], [ReissuesService.Create] and [Client.Do]. A client sends its writes to the same order one after
// another.
//
// # Redirects and bounds
//
// Redirects of a GET are followed to the same scheme, host and port, at most five in a row. Any other is [ErrRedirect].
//
// A body is refused with [ErrResponseTooLarge] if it is larger than [WithMaxResponseBytes] after decompression, would allocate
// more than 20 times its size (16 MiB for small bodies), or has more than 10,000 rows in a list, ten times the documented page.
// A list of status changes, which has no pages, may have 1,000,000 rows.
//
// # Errors
//
// A response that is not a success is an *[Error] with the codes of the service, even if its status is 200. A success that
// cannot be decoded, or that has another object than the requested one, is a *[DecodeError]. Use [errors.Is] and
// [errors.As], see [ErrNotFound] and [ErrorCode]. Whatever ends a call, its error also wraps the last failure. Time-outs
// implement [net.Error].
//
// # Secrets
//
// The API key, queries and the bodies of writes appear in no error and no log, and not in a Client printed by fmt, slog or
// encoding/json. A private key is refused in every parameter of a write. API keys shorter than 8 characters are not redacted
// from text of other origin, such as messages of the service. [WithLogger] logs the method, path, status, duration, attempt,
// wait and reason of requests, and the JSON pointers of dropped values.
//
// # Lenient decoding
//
// The service departs from its documentation. The decoder accepts numbers and booleans as strings, numbers for strings, dates in
// several forms, null or [] for an absent object, a missing list for an empty one, invalid UTF-8, duplicate and unknown names,
// and unknown values of all enumerations. A blank string for a number and the date "0000-00-00" leave their fields zero.
// Lists are never nil once decoded.
//
// To test code that uses this package, see package digicerttest.
package digicert
