// Package digicert is a client for the DigiCert CertCentral Services API v2: the orders of an account,
// their reissues, duplicates and history, certificates and their chains, subaccounts and their orders, the
// order status changes, and any other GET endpoint by [Client.Get]. It is not affiliated with DigiCert.
//
//	client, err := digicert.NewClient(os.Getenv("DIGICERT_API_KEY"))
//	...
//	for order, err := range client.Subaccounts.AllOrders(ctx, nil) {
//
// A Client is meant to run unattended. What follows holds for every call, in the order of a
// request's life.
//
// # What is refused
//
// A parameter that the service would refuse is a *[ParamError], and nothing is sent. So are a base URL
// without https (off loopback) or with user info, and a key that is not one word of printable ASCII.
// Redirects are followed to the same scheme, host and port, at most five; any other is [ErrRedirect],
// and nothing is sent to the other place. A body larger than [WithMaxResponseBytes], decompressed,
// is [ErrResponseTooLarge].
//
// # What is paced
//
// Every request, a repeated or redirected one too, takes a slot of the client's [Limiter] before it is sent. The
// default [RollingLimiter] keeps to the documented limits of a key, 100 requests in 5 s and 1000 in
// 3 min, whatever the network does. Clients that use one key should share one by [WithLimiter].
//
// When the service still answers that the limit is exceeded (status 429), because somebody else uses the key
// too, all requests of the client wait: for the Retry-After, or without one for ten times the
// backoff. Then they go on one by one. A wait for the limit that would outlast the deadline of
// the context fails at once, with an error that is both [ErrRateLimited] and [context.DeadlineExceeded].
//
// # What is retried
//
// Transport errors, time-outs ([RetryPolicy].AttemptTimeout), bodies that were cut short, and the statuses 429,
// 500, 502, 503 and 504, with exponential backoff and full jitter, or after the service's
// Retry-After. Never: other statuses, redirects that were refused, bodies that are too large or are not what was
// asked for, a certificate that does not verify, a failing key function. [WithRetry] changes the numbers. When the context
// ends, or would end before the next attempt, the error wraps the last failure and [context.Cause].
//
// # Errors
//
// An answer that is no success is an *[Error], with the service's codes, also where its status is 200. A
// success that cannot be decoded is a *[DecodeError]. Both work with [errors.Is] and
// [errors.As]; see [ErrNotFound] and [ErrorCode].
//
// # What is kept secret
//
// The API key is in no error, no log, and not in the client as fmt, slog or encoding/json
// show it. The query is in no error and no log either. [WithLogger] logs method, path, status, duration, attempt, wait
// and reason of a request, and nothing else.
//
// # What is tolerated
//
// The service departs from its documentation. Numbers and booleans are accepted as strings, ids
// in texts as numbers, dates in three shapes, null or [] for an absent object, a missing list for an empty one, bad UTF-8,
// duplicate and unknown names, and unknown values of all enumerations. Lists are never nil once decoded.
//
// To test code that uses this package, see package digicerttest.
package digicert
