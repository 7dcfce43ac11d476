// Package digicertredis lets many machines share one key of the CertCentral Services API through Redis.
//
// The service counts requests per key, however many machines send them. A [Limiter] keeps all machines together within the
// limits, and pauses all of them after a 429. A [Lease] is held by one process at a time. As a [digicert.Locker] it keeps writes
// apart; with [Lease.Hold] and [Lease.Checkpoint] one process watches, and others stand by:
//
//	rdb := redis.NewClient(&redis.Options{Addr: "redis.example.com:6379"})
//	lease := digicertredis.NewLease(rdb, "production", 30*time.Second)
//	client, err := digicert.NewClient(key,
//		digicert.WithLimiter(digicertredis.NewLimiter(rdb, "production")),
//		digicert.WithLocker(lease))
//	...
//	err = lease.Hold(ctx, func(ctx context.Context) error {
//		params := &digicert.WatchParams{Checkpoint: lease.Checkpoint("place")}
//		for change, err := range client.StatusChanges.Watch(ctx, params) {
//			...
//		}
//		return nil
//	})
//
// A name, such as "production", stands for the account. All programs that use one key must use the same name, and two keys must
// not share one. The name is visible in Redis, so it must not be the key itself. One name serves for the limiter and the lease:
// their Redis keys differ. All of them begin with "digicert:{name}:". The braces put them into one hash slot of a Redis Cluster.
//
// All times are those of Redis's clock. The page https://github.com/go-digicert/digicert/blob/main/docs/fleet.md describes what
// Redis needs, what is lost with it, and what it costs.
package digicertredis
