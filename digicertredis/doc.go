// Package digicertredis lets many machines share one key of the CertCentral Services API by a Redis that they have.
//
// The service counts requests by key, however many machines send them. A [Limiter] keeps all of them together within the limits, and pauses
// them together after a 429. A [Checkpoint] keeps the place of a watch, and a [Lease] lets one process at a time watch, or make a
// write. All of it goes by Redis's clock.
//
// A name, such as "production", says which account is meant. Whoever shares a key has to use the same name, and one name must not
// be used for two keys. It is never the key itself: names are visible in Redis. All names of Redis keys begin with "digicert:{name}:". The
// braces make them one hash slot of a Redis Cluster.
//
// What Redis needs, what is lost with it, and what it costs is described at
// https://github.com/go-digicert/digicert/blob/main/docs/fleet.md.
package digicertredis
