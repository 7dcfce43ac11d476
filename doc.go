// Package digicert is a client for the DigiCert CertCentral Services API v2. It reads the orders of an account,
// their reissues, duplicates and history, certificates and their chains, subaccounts and their orders, the
// order status changes, and the organizations, domains and products that an order names. It places orders, reissues,
// duplicates and revokes certificates, cancels orders, approves requests, and validates domains. [Client.Get] and
// [Client.Do] call any other endpoint. It is not affiliated with DigiCert.
//
//	client, err := digicert.NewClient(os.Getenv("DIGICERT_API_KEY"))
//	...
//	for order, err := range client.Orders.All(ctx, nil) {
//
// A Client is made to run unattended. The following holds for every call.
//
// # The life of a request
//
// Each attempt goes the same way: it asks for the key, waits for the end of a pause, takes a slot of the [Limiter], and
// sends the request. The response is read, bounded and decoded. If the attempt fails and may succeed later, it is
// repeated after a backoff.
//
// # Invalid input
//
// A parameter that the service would refuse is a *[ParamError], and nothing is sent. The same holds for a base URL
// without https (except on loopback) or with user info, and for a key that is not one word of printable ASCII.
//
// # Pacing
//
// Every request takes a slot before it is sent, also one that is repeated or redirected. The
// default [RollingLimiter] keeps to the documented limits of a key, 100 requests in 5 s and 1000 in
// 3 min. Clients that use one key should share a limiter by [WithLimiter].
//
// If the service still answers that the limit is exceeded (status 429), because somebody else uses the key
// too, all requests that share the limiter wait: for the Retry-After, or without one for ten times the
// backoff. Then they start one by one. A wait for the limit that would outlast the deadline of
// the context fails at once, with an error that is both [ErrRateLimited] and [context.DeadlineExceeded].
//
// # Retries
//
// Retried are transport errors, time-outs ([RetryPolicy].AttemptTimeout), truncated bodies, and the statuses 429,
// 500, 502, 503 and 504, with exponential backoff and full jitter, or after the
// Retry-After. Never retried are other statuses, refused redirects, bodies that are too large or cannot be decoded,
// certificates that do not verify, a proxy that asks for authentication, and a key function that fails. [WithRetry] changes
// the numbers.
//
// # Writes
//
// The service has no idempotency key and bills what it is sent. A write is sent again only if it is certain that the service
// did not take it: no connection was made, HTTP/2 said that the request was not processed, or the status was 429. After any other failure
// the typed methods look for the effect, and return what they find as if the answer had arrived. Otherwise the error is
// an *[OutcomeUnknownError]. See [OrdersService.Place], [ReissuesService.Create] and [Client.Do]. Writes of one client to one
// order are sent one after another.
//
// # Redirects and bounds
//
// Redirects are followed to the same scheme, host and port, at most five times; any other is [ErrRedirect].
// A body larger than [WithMaxResponseBytes], decompressed, is [ErrResponseTooLarge]. So is one that would allocate more than
// 20 times its size (16 MiB for small ones), and one with more than 10,000 rows in a list, ten times the documented
// page; status changes, which have no pages, may have 1,000,000.
//
// # Errors
//
// A response that is not a success is an *[Error], with the codes of the service, also if its status is 200. A
// success that cannot be decoded, or is about something else than was asked for, is a *[DecodeError]. Both work with
// [errors.Is] and [errors.As]; see [ErrNotFound] and [ErrorCode]. Whatever ends a call, its error also holds the last
// failure. Time-outs are a [net.Error].
//
// # Secrets
//
// The API key is in no error, no log, and not in the client as fmt, slog or encoding/json
// show it; nor is a query, nor the body of a write. A private key is refused in every parameter of a write. Keys of fewer than 8 characters are not searched for in texts of others. [WithLogger] logs method,
// path, status, duration, attempt, wait and reason of a request, and the JSON pointers of dropped values.
//
// # Leniency
//
// The service departs from its documentation. Numbers and booleans are accepted as strings, numbers
// for texts, dates in several forms, null or [] for an absent object, a missing list for an empty one, bad UTF-8,
// duplicate and unknown names, and unknown values of all enumerations. An odd scalar, such as "" for a number, leaves
// its field zero. Lists are never nil once decoded.
//
// To test code that uses this package, see package digicerttest.
package digicert
