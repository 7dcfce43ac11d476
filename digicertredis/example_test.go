package digicertredis_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
)

// The same program runs on several machines with one key. Together they keep to the limits, and place one order for one
// AlternativeOrderID. One of them watches, and another one takes over when it ends.
func Example() {
	rdb := redis.NewClient(&redis.Options{Addr: "redis.example.com:6379"})
	lease := digicertredis.NewLease(rdb, "production", 30*time.Second)
	client, err := digicert.NewClient(os.Getenv("DIGICERT_API_KEY"),
		digicert.WithLimiter(digicertredis.NewLimiter(rdb, "production")),
		digicert.WithLocker(lease))
	if err != nil {
		log.Fatal(err)
	}
	err = lease.Hold(context.Background(), func(ctx context.Context) error {
		for change, err := range client.StatusChanges.Watch(ctx, &digicert.WatchParams{Checkpoint: lease.Checkpoint("place")}) {
			if err != nil {
				return err
			}
			fmt.Println(change.OrderID, change.Status)
		}
		return nil
	})
	log.Fatal(err)
}

// A watch that goes on when it has lost the lease, or Redis was unavailable.
func ExampleLease_Hold() {
	ctx := context.Background()
	rdb := redis.NewClient(&redis.Options{Addr: "redis.example.com:6379"})
	client, err := digicert.NewClient(os.Getenv("DIGICERT_API_KEY"), digicert.WithLimiter(digicertredis.NewLimiter(rdb, "production")))
	if err != nil {
		log.Fatal(err)
	}
	lease := digicertredis.NewLease(rdb, "production-watch", 30*time.Second)
	for {
		err := lease.Hold(ctx, func(ctx context.Context) error {
			for change, err := range client.StatusChanges.Watch(ctx, &digicert.WatchParams{Checkpoint: lease.Checkpoint("place")}) {
				if err != nil {
					return err
				}
				fmt.Println(change.OrderID, change.Status)
			}
			return nil
		})
		if !errors.Is(err, digicertredis.ErrLeaseLost) && !errors.Is(err, digicertredis.ErrUnavailable) {
			log.Fatal(err)
		}
		log.Print(err)
		time.Sleep(time.Second)
	}
}

// While Redis is unavailable, each of eight machines uses an eighth of the limits.
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
