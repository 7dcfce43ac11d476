package digicertredis_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
)

// A client that shares its key with other machines.
func Example() {
	rdb := redis.NewClient(&redis.Options{Addr: "redis.example.com:6379"})
	locks := digicertredis.NewLease(rdb, "production", 30*time.Second)
	client, err := digicert.NewClient(os.Getenv("DIGICERT_API_KEY"),
		digicert.WithLimiter(digicertredis.NewLimiter(rdb, "production")), // at most 100 requests in 5 s, of all machines
		digicert.WithLocker(locks))                                        // one order for one alternative order id, of all machines
	if err != nil {
		log.Fatal(err)
	}
	_ = client
}

// A watch with a standby: the same program runs on two machines, and one of them watches.
func ExampleLease_Hold() {
	ctx := context.Background()
	rdb := redis.NewClient(&redis.Options{Addr: "redis.example.com:6379"})
	client, err := digicert.NewClient(os.Getenv("DIGICERT_API_KEY"), digicert.WithLimiter(digicertredis.NewLimiter(rdb, "production")))
	if err != nil {
		log.Fatal(err)
	}
	lease := digicertredis.NewLease(rdb, "production-watch", 30*time.Second)
	err = lease.Hold(ctx, func(ctx context.Context) error {
		for change, err := range client.StatusChanges.Watch(ctx, &digicert.WatchParams{Checkpoint: lease.Checkpoint("place")}) {
			if err != nil {
				return err
			}
			fmt.Println(change.OrderID, change.Status)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}

// Where Redis cannot be asked, each of eight machines goes on with an eighth of the limits.
func ExampleLimiter_WithFallback() {
	rdb := redis.NewClient(&redis.Options{Addr: "redis.example.com:6379"})
	limiter := digicertredis.NewLimiter(rdb, "production").WithFallback(digicert.NewRollingLimiter(
		digicert.Window{Requests: 100 / 8, Per: 5 * time.Second},
		digicert.Window{Requests: 1000 / 8, Per: 3 * time.Minute},
	))
	client, err := digicert.NewClient(os.Getenv("DIGICERT_API_KEY"), digicert.WithLimiter(limiter))
	if err != nil {
		log.Fatal(err)
	}
	_ = client
}
