package digicertredis_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
)

// roundTrips counts the calls to Redis.
type roundTrips struct{ n atomic.Int64 }

func (r *roundTrips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (r *roundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		r.n.Add(1)
		return next(ctx, cmd)
	}
}

func (r *roundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// BenchmarkLimiter measures what a limiter adds to a request, on the Redis of DIGICERT_TEST_REDIS or on miniredis. Beside it are
// the limiter of one process, and redis_rate, which keeps one window and counts no request that is under way. Nobody has to wait. The windows
// are short, so that about as many slots are remembered as by those of the service.
func BenchmarkLimiter(b *testing.B) {
	addr := os.Getenv("DIGICERT_TEST_REDIS")
	if addr == "" {
		addr = miniredis.RunT(b).Addr()
	}
	windows := []digicert.Window{{Requests: 1_000_000, Per: 100 * time.Millisecond}, {Requests: 10_000_000, Per: 500 * time.Millisecond}}
	ctx := context.Background()
	acquire := func(l digicert.Limiter) func() error {
		return func() error {
			release, err := l.Acquire(ctx)
			if err == nil {
				release()
			}
			return err
		}
	}
	for _, test := range []struct {
		name  string
		build func(rdb redis.UniversalClient) func() error
	}{
		{"one process", func(redis.UniversalClient) func() error { return acquire(digicert.NewRollingLimiter(windows...)) }},
		{"digicertredis", func(rdb redis.UniversalClient) func() error {
			return acquire(digicertredis.NewLimiter(rdb, newName(), windows...))
		}},
		{"redis_rate", func(rdb redis.UniversalClient) func() error {
			l, key := redis_rate.NewLimiter(rdb), newName()
			return func() error {
				_, err := l.Allow(ctx, key, redis_rate.PerSecond(100_000_000))
				return err
			}
		}},
	} {
		for _, together := range []int{1, 32} {
			b.Run(fmt.Sprintf("%s/%d at a time", test.name, together), func(b *testing.B) {
				rdb := redis.NewClient(&redis.Options{Addr: addr})
				defer rdb.Close()
				count := new(roundTrips)
				rdb.AddHook(count)
				request := test.build(rdb)
				require.NoError(b, request())
				count.n.Store(0)
				b.ReportAllocs()
				b.ResetTimer()
				if together == 1 {
					for range b.N {
						require.NoError(b, request())
					}
				} else {
					b.SetParallelism(together / 2)
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							if err := request(); err != nil {
								b.Error(err)
							}
						}
					})
				}
				b.ReportMetric(float64(count.n.Load())/float64(b.N), "round-trips/op")
			})
		}
	}
}
