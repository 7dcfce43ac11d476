// Redis: what machines that use one key share.

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/redis/go-redis/v9"
	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
)

const (
	redisVariable         = "DIGICERT_REDIS"
	redisNameVariable     = "DIGICERT_REDIS_NAME"
	redisPasswordVariable = "REDISCLI_AUTH" // as of redis-cli

	defaultRedisName = "default"
	defaultWatchName = "watch"
	// redisPause is how long a watch leaves a Redis alone that is unavailable.
	redisPause = 2 * time.Second
	// leaseTTL is the time after which another program takes over from one that died.
	leaseTTL = 30 * time.Second
)

func redisFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "redis", Usage: "share the limits of the key with other machines by the Redis at this `URL`, such as redis://host:6379"},
		&cli.StringFlag{Name: "redis-name", DefaultText: defaultRedisName, Usage: "`name` of the account in Redis, the same wherever its key is used"},
	}
}

// shared is a Redis, and the name of the account in it.
type shared struct {
	rdb  redis.UniversalClient
	name string
}

// shared returns the Redis of the settings, or nil.
func (a *app) shared(ctx context.Context, c *cli.Command) (*shared, error) {
	from, err := a.settings(ctx, c)
	if err != nil || from.redis == "" {
		if err == nil && from.redisAccount != "" {
			err = usageErrorf("%s needs --redis, the URL of the Redis", from.redisAccountName)
		}
		return nil, err
	}
	if from.redisAccount != "" {
		if err := checkRedisName(from.redisAccountName, from.redisAccount); err != nil {
			return nil, err
		}
	}
	if a.redis == nil {
		rdb, err := openRedis(from.redisURLName, from.redis)
		if err != nil {
			return nil, err
		}
		redis.SetLogger(noLog{})
		a.redis = &shared{rdb: rdb, name: from.redisAccount}
		if a.redis.name == "" {
			a.redis.name = defaultRedisName
		}
	}
	return a.redis, nil
}

// openRedis returns a client for the URL of the setting with a name. It connects when it is used. Its errors do not contain the URL,
// which may contain a password.
func openRedis(name, rawURL string) (redis.UniversalClient, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" && u.Scheme != "unix" {
		return nil, usageErrorf("%s must be the URL of a Redis, such as redis://host:6379", name)
	}
	var rdb redis.UniversalClient
	switch query := u.Query(); {
	case query.Has("addr"): // of another node of a cluster
		var o *redis.ClusterOptions
		if o, err = redis.ParseClusterURL(rawURL); err == nil {
			o.Password = passwordOf(o.Password)
			rdb = redis.NewClusterClient(o)
		}
	case query.Has("master_name"): // of sentinels
		var o *redis.FailoverOptions
		if o, err = redis.ParseFailoverURL(rawURL); err == nil {
			o.Password = passwordOf(o.Password)
			rdb = redis.NewFailoverClient(o)
		}
	default:
		var o *redis.Options
		if o, err = redis.ParseURL(rawURL); err == nil {
			o.Password = passwordOf(o.Password)
			rdb = redis.NewClient(o)
		}
	}
	if err != nil {
		return nil, usageErrorf("%s: %s", name, strings.TrimPrefix(strings.ReplaceAll(err.Error(), rawURL, "the URL"), "redis: "))
	}
	return rdb, nil
}

// passwordOf returns the password of a URL, or else that of the environment.
func passwordOf(inURL string) string {
	if inURL != "" {
		return inURL
	}
	return os.Getenv(redisPasswordVariable)
}

// noLog discards what the Redis library logs: its errors are reported as errors.
type noLog struct{}

func (noLog) Printf(context.Context, string, ...any) {}

// options returns the options of a client that shares its limits and locks.
func (s *shared) options(windows []digicert.Window) []digicert.Option {
	return []digicert.Option{
		digicert.WithLimiter(digicertredis.NewLimiter(s.rdb, s.name, windows...)),
		digicert.WithLocker(digicertredis.NewLease(s.rdb, s.name, leaseTTL)),
	}
}

// watch runs a watch while it holds the lease of its name, with the checkpoint in Redis. When it has lost the lease, or Redis, it waits
// for its next turn. A Redis that is unavailable at the start is an error.
func (s *shared) watch(ctx context.Context, a *app, name string, quiet bool, run func(context.Context, digicert.Checkpoint) error) error {
	account := s.name + "-watch-" + name
	lease := digicertredis.NewLease(s.rdb, account, leaseTTL)
	tell := func(format string, args ...any) {
		if !quiet {
			fmt.Fprintf(&a.log, "digicert: "+format+"\n", args...)
		}
	}
	for begun := false; ; {
		_, err := digicertredis.NewCheckpoint(s.rdb, account).Load(ctx) // is Redis there?
		if err == nil {
			waits := time.AfterFunc(time.Second, func() {
				tell("another program has the watch %q; this one takes over when that ends", name)
			})
			err = lease.Hold(ctx, func(ctx context.Context) error {
				waits.Stop()
				return run(ctx, lease.Checkpoint("place"))
			})
			waits.Stop()
			begun = true
			if errors.Is(err, digicertredis.ErrLeaseLost) || errors.Is(err, digicertredis.ErrUnavailable) {
				tell("%s; the watch %q goes on when it can", reason(err), name)
			}
		}
		switch {
		case interrupted(ctx, err):
			return nil // as a watch that is at work
		case errors.Is(err, digicertredis.ErrLeaseLost):
		case begun && errors.Is(err, digicertredis.ErrUnavailable):
			select {
			case <-ctx.Done():
			case <-time.After(redisPause):
			}
		default:
			return err
		}
	}
}

// sharedWatch returns the name of the watch in Redis, or "" if the watch keeps its place elsewhere.
func (a *app) sharedWatch(c *cli.Command) (string, error) {
	name := c.String("redis-watch")
	switch {
	case c.IsSet("redis-watch") && c.IsSet("checkpoint"):
		return "", usageErrorf("--redis-watch and --checkpoint exclude each other")
	case c.IsSet("redis-watch") && a.redis == nil:
		return "", usageErrorf("--redis-watch needs --redis, the URL of the Redis")
	case c.IsSet("redis-watch"):
		return name, checkRedisName("--redis-watch", name)
	case c.IsSet("redis") && !c.IsSet("checkpoint"):
		return defaultWatchName, nil
	}
	return "", nil
}

// checkRedisName returns an error if the value of the setting with a name cannot be part of names in Redis.
func checkRedisName(setting, value string) error {
	if value == "" || len(value) > 80 || strings.ContainsFunc(value, func(r rune) bool { return strings.ContainsRune("{}", r) || unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return usageErrorf("%s %q is invalid, must be a word of at most 80 bytes without braces and spaces", setting, value)
	}
	return nil
}
