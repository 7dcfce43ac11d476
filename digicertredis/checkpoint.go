// Checkpoints of watches, in Redis.

package digicertredis

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/go-digicert/digicert"
)

//go:embed save.lua
var saveSource string

var saveScript = redis.NewScript(saveSource)

// ErrMoved is matched by the error of Save if another watch has saved to the checkpoint since it was loaded: two watches use it.
var ErrMoved = errors.New("digicert: another watch has saved to this checkpoint")

// maxState is the largest state, in bytes, as that of [digicert.FileCheckpoint].
const maxState = 16 << 20

// Checkpoint is a [digicert.Checkpoint] in Redis. It does not expire. If two watches use one by mistake, Save returns [ErrMoved]
// to one of them. A watch with a standby uses [Lease.Checkpoint].
type Checkpoint struct {
	rdb  redis.UniversalClient
	name string
	key  string
	of   *Lease // nil if it belongs to none

	mu      sync.Mutex
	version string // of the state that was loaded or saved last; "" if there was none
}

// NewCheckpoint returns the checkpoint with a name, such as "production-watch". The name is one as for [NewLimiter]. A nil client
// or an invalid name is a [*digicert.ParamError] of Load and Save.
func NewCheckpoint(rdb redis.UniversalClient, name string) *Checkpoint {
	return &Checkpoint{rdb: rdb, name: name, key: key(name, "checkpoint")}
}

// Checkpoint returns the checkpoint with a name, such as "place", of the lease. It can be loaded and saved from within
// [Lease.Hold] only; elsewhere the error is [ErrLeaseLost]. Redis checks the lease in the step in which it saves, so that a
// process that has lost the lease and does not know it yet cannot change the checkpoint. If Redis has lost the checkpoint, Load
// returns what this Lease saved or loaded last.
func (l *Lease) Checkpoint(name string) digicert.Checkpoint {
	return &Checkpoint{rdb: l.rdb, name: name, key: key(l.name, "checkpoint:"+name), of: l}
}

// String returns the name of the checkpoint in errors.
func (c *Checkpoint) String() string { return c.name + " in Redis" }

func (c *Checkpoint) validate() error {
	if err := checkUse(c.rdb, c.name); err != nil {
		return err
	}
	if c.of != nil {
		return c.of.validate()
	}
	return nil
}

// holding returns the holding of the lease, or nil if the checkpoint belongs to none.
func (c *Checkpoint) holding() (*holding, error) {
	if c.of == nil {
		return nil, nil
	}
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.of.held == nil {
		return nil, fmt.Errorf("%w: its checkpoint is used outside of Hold", ErrLeaseLost)
	}
	return c.of.held, c.of.held.lost()
}

// Load implements [digicert.Checkpoint].
func (c *Checkpoint) Load(ctx context.Context) ([]byte, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if _, err := c.holding(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	values, err := c.rdb.HMGet(ctx, c.key, "state", "version").Result()
	if err != nil {
		return nil, unusable("the checkpoint "+c.name, err)
	}
	state, _ := values[0].(string)
	c.version, _ = values[1].(string)
	if c.version == "" && c.of != nil { // nothing was saved yet, or Redis has lost it
		return c.of.place(c.name), nil
	}
	c.remember([]byte(state))
	return []byte(state), nil
}

// remember keeps the state in case Redis loses it.
func (c *Checkpoint) remember(state []byte) {
	if c.of != nil {
		c.of.setPlace(c.name, state)
	}
}

// Save implements [digicert.Checkpoint].
func (c *Checkpoint) Save(ctx context.Context, state []byte) error {
	if err := c.validate(); err != nil {
		return err
	}
	if len(state) > maxState {
		return fmt.Errorf("digicert: the checkpoint %s: the state has %d bytes, the maximum is %d", c.name, len(state), maxState)
	}
	h, err := c.holding()
	if err != nil {
		return err
	}
	keys, holder := []string{c.key}, ""
	if h != nil {
		keys, holder = append(keys, h.key), h.holder
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	version := newID()
	answer, err := saveScript.Run(ctx, c.rdb, keys, state, c.version, version, holder).Text()
	switch {
	case err != nil:
		return unusable("the checkpoint "+c.name, err)
	case answer == "lost":
		h.lose(nil)
		return ErrLeaseLost
	case answer != "saved":
		return fmt.Errorf("%w: %s", ErrMoved, c.name)
	}
	c.version = version
	c.remember(bytes.Clone(state))
	return nil
}
