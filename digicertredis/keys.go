// Names of Redis keys, and the errors of Redis.

package digicertredis

import (
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/redis/go-redis/v9"

	"github.com/go-digicert/digicert"
)

// ErrUnavailable is matched by the error of a call to Redis that got no usable answer: there is no connection, or Redis is
// loading its data, out of memory, read-only or too slow. A later call may succeed.
var ErrUnavailable = errors.New("digicert: Redis is unavailable")

// ErrRefused is matched by the error of a call that Redis will always refuse: the user or the password is wrong, the user lacks a
// permission, a key holds a value of another kind, or a client for a single Redis is used with a cluster.
var ErrRefused = errors.New("digicert: Redis refused the command")

// redisError is a call to Redis that failed. Its text may contain the host, but never the password.
type redisError struct {
	what string
	kind error // ErrUnavailable or ErrRefused
	err  error
}

// unusable returns the error of a call to Redis that failed.
func unusable(what string, err error) error {
	if isRefusal(err) {
		return &redisError{what, ErrRefused, err}
	}
	return &redisError{what, ErrUnavailable, err}
}

func (e *redisError) Error() string {
	text := e.err.Error()
	switch {
	case strings.Contains(text, "unauthenticated"):
		text = "it requires a password: " + text
	case strings.HasPrefix(text, "MOVED "):
		text = "it is a cluster, and needs the client of one: " + text
	}
	return fmt.Sprintf("digicert: %s: %s: %s", e.what, strings.TrimPrefix(e.kind.Error(), "digicert: "), text)
}

func (e *redisError) Unwrap() []error { return []error{e.kind, e.err} }

// refusedCodes begin the answers that stay the same until a user, a permission or the configuration is changed.
var refusedCodes = []string{"NOAUTH", "WRONGPASS", "NOPERM", "DENIED", "WRONGTYPE", "CROSSSLOT", "MOVED", "ERR"}

// isRefusal reports whether Redis answered, and would give the same answer again.
func isRefusal(err error) bool {
	var answer redis.Error
	if !errors.As(err, &answer) || redis.IsMaxClientsError(err) {
		return false
	}
	code, _, _ := strings.Cut(answer.Error(), " ")
	return slices.Contains(refusedCodes, code)
}

// checkUse returns an error if rdb or name cannot be used.
func checkUse(rdb redis.UniversalClient, name string) error {
	switch v := reflect.ValueOf(rdb); {
	case rdb == nil, v.Kind() == reflect.Pointer && v.IsNil():
		return &digicert.ParamError{Param: "rdb", Reason: "must not be nil"}
	case name == "":
		return &digicert.ParamError{Param: "name", Reason: "must not be empty: it stands for the account"}
	case len(name) > 200:
		return &digicert.ParamError{Param: "name", Reason: "must not be longer than 200 bytes"}
	case strings.ContainsAny(name, "{}"):
		return &digicert.ParamError{Param: "name", Reason: "must not contain braces: they mark the hash slot of a Redis Cluster"}
	case strings.ContainsFunc(name, unicode.IsControl):
		return &digicert.ParamError{Param: "name", Reason: "must not contain control characters"}
	}
	return nil
}

// key returns a Redis key. All keys of one name are in one hash slot.
func key(name, what string) string { return "digicert:{" + name + "}:" + what }

// newID returns a text that is unique among all processes.
func newID() string { return rand.Text()[:16] }
