// Names of Redis keys, and the errors of Redis.

package digicertredis

import (
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/go-digicert/digicert"
)

// ErrUnavailable is matched by every error that says that Redis could not be asked.
var ErrUnavailable = errors.New("digicert: Redis cannot be asked")

// ErrRefused is matched by every error that says that Redis answered, and does not do what is needed: it wants another user or
// password, or does not allow a command.
var ErrRefused = errors.New("digicert: Redis refuses")

// redisError is a call to Redis that failed. Its text may name the host, and never the password.
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
	return fmt.Sprintf("digicert: %s: %s: %v", e.what, strings.TrimPrefix(e.kind.Error(), "digicert: "), e.err)
}

func (e *redisError) Unwrap() []error { return []error{e.kind, e.err} }

// refusedCodes begin the answers of a Redis that works, and does not let its user do what is needed.
var refusedCodes = []string{"NOAUTH", "WRONGPASS", "NOPERM", "DENIED", "WRONGTYPE", "CROSSSLOT", "ERR"}

// isRefusal reports whether Redis answered, and would answer the same again.
func isRefusal(err error) bool {
	var answer redis.Error
	if !errors.As(err, &answer) || redis.IsMaxClientsError(err) {
		return false
	}
	code, _, _ := strings.Cut(answer.Error(), " ")
	for _, refused := range refusedCodes {
		if code == refused {
			return true
		}
	}
	return false
}

// checkUse returns an error if rdb or name cannot be used.
func checkUse(rdb redis.UniversalClient, name string) error {
	switch v := reflect.ValueOf(rdb); {
	case rdb == nil, v.Kind() == reflect.Pointer && v.IsNil():
		return &digicert.ParamError{Param: "rdb", Reason: "must not be nil"}
	case name == "":
		return &digicert.ParamError{Param: "name", Reason: "must not be empty: it says which account is meant"}
	case len(name) > 200:
		return &digicert.ParamError{Param: "name", Reason: "must not be longer than 200 bytes"}
	case strings.ContainsAny(name, "{}"):
		return &digicert.ParamError{Param: "name", Reason: "must not contain braces: they are the hash tag of Redis Cluster"}
	}
	return nil
}

// key returns the name of a Redis key. All keys of one name are in one hash slot.
func key(name, what string) string { return "digicert:{" + name + "}:" + what }

// newID returns a text that no other process has.
func newID() string { return rand.Text()[:16] }
