package digicertredis_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicertredis"
)

// The user of docs/fleet.md may do all that is needed. miniredis has no such users: there the test shows only that it all works.
func TestDocumentedUser(t *testing.T) {
	page, err := os.ReadFile("../docs/fleet.md")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(page), "ACL SETUSER digicert ")
	rules, _, found := strings.Cut(rest, "\n")
	require.True(t, found)
	onEach(t, func(t *testing.T, s *server) {
		admin := s.machine(t, new(wire))
		options := &redis.UniversalOptions{Addrs: s.addrs, IsClusterMode: s.cluster, MaxRetries: 1}
		if s.mini == nil {
			options.Username, options.Password = newName(), "secret"
			args := []any{"ACL", "SETUSER", options.Username}
			for _, rule := range strings.Fields(strings.ReplaceAll(rules, "PASSWORD", options.Password)) {
				args = append(args, rule)
			}
			if s.cluster {
				args = append(args, "+cluster|slots", "+cluster|shards")
			}
			set := func(ctx context.Context, node redis.UniversalClient) error { return node.Do(ctx, args...).Err() }
			if cluster, ok := admin.(*redis.ClusterClient); ok {
				require.NoError(t, cluster.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error { return set(ctx, node) }))
			} else {
				require.NoError(t, set(t.Context(), admin))
			}
		}
		rdb := redis.NewUniversalClient(options)
		t.Cleanup(func() { _ = rdb.Close() })
		name := newName()
		limiter := digicertredis.NewLimiter(rdb, name)
		require.NoError(t, use(t.Context(), limiter, new(counter), 0, 0))
		require.NoError(t, limiter.Pause(t.Context(), time.Millisecond))
		require.NoError(t, use(t.Context(), limiter, new(counter), 0, 0))
		checkpoint := digicertredis.NewCheckpoint(rdb, name)
		require.NoError(t, checkpoint.Save(t.Context(), []byte("state")))
		_, err := checkpoint.Load(t.Context())
		require.NoError(t, err)
		lease := digicertredis.NewLease(rdb, name, 3*time.Second)
		arranged(t, func() bool {
			err := lease.Hold(t.Context(), func(ctx context.Context) error {
				time.Sleep(3500 * time.Millisecond) // it is extended
				return lease.Checkpoint("place").Save(ctx, []byte("state"))
			})
			if !errors.Is(err, digicertredis.ErrLeaseLost) || errors.Is(err, digicertredis.ErrRefused) {
				require.NoError(t, err)
			}
			return err == nil
		})
	})
}
