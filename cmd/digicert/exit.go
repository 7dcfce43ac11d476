// Exit codes, and the messages of failures.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// The exit codes, as the help documents them.
const (
	exitSuccess     = 0
	exitFailure     = 1
	exitUsage       = 2
	exitAccess      = 3
	exitNotFound    = 4
	exitRateLimited = 5
	exitUnavailable = 6
	exitUnknown     = 7
	exitExpires     = 8
	exitInterrupted = 130
)

// usageError is the error of an invalid command line.
type usageError struct{ error }

func usageErrorf(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// keyError is the error of a missing or unreadable API key.
type keyError struct{ error }

func (e keyError) Unwrap() error { return e.error }

var errNoKey = errors.New(
	"there is no API key: put it into a file and name that with --api-key-file, or set " + keyVariable + "; --demo needs none",
)

// errClosedPipe is returned by writes to an output that was closed by its reader, such as head. It is not a failure.
var errClosedPipe = errors.New("the output was closed by its reader")

// exitCode returns the exit code for err.
func exitCode(ctx context.Context, err error) int {
	var usage usageError
	var key keyError
	var param *digicert.ParamError
	switch {
	case err == nil || errors.Is(err, errClosedPipe):
		return exitSuccess
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, errExpires):
		return exitExpires
	case errors.Is(err, digicert.ErrOutcomeUnknown): // also if the program was interrupted
		return exitUnknown
	case interrupted(ctx, err):
		return exitInterrupted
	case errors.As(err, &key), errors.As(err, &param) && param.Param == "apiKey",
		errors.Is(err, digicert.ErrAccessDenied), errors.Is(err, digicert.CodeAccessDenied):
		return exitAccess
	case errors.As(err, &param):
		return exitUsage
	case errors.Is(err, digicert.ErrNotFound), errors.Is(err, digicert.CodeNotFound):
		return exitNotFound
	case errors.Is(err, digicert.ErrRateLimited), errors.Is(err, digicert.CodeRequestLimitExceeded):
		return exitRateLimited
	case errors.Is(err, digicert.ErrUnavailable), unreachable(err):
		return exitUnavailable
	}
	return exitFailure
}

// interrupted reports whether err is caused by the end of ctx. Only a signal ends ctx.
func interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, ctx.Err())
}

// unreachable reports whether err is a network error: no connection, a lost connection, a time-out or a truncated response.
func unreachable(err error) bool {
	var operation *net.OpError
	var name *net.DNSError
	var timeout interface{ Timeout() bool }
	if errors.As(err, &operation) {
		return operation.Op != "listen" // the sandbox cannot listen, which is not about the service
	}
	return errors.As(err, &name) || errors.As(err, &timeout) && timeout.Timeout() ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// message formats err as one line that begins with "digicert: ", as the errors of package digicert do already.
func message(err error) string {
	return "digicert: " + strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "digicert: ")
}

// advice returns what is appended to the message: what the user can do, or "" if that is not known.
func advice(code int, err error) string {
	var key keyError
	switch {
	case errors.As(err, &key):
		return "" // the message says it already
	case code == exitUnknown:
		return whatToDo(err)
	case errors.Is(err, digicert.CodeMissingPermission):
		return "; the key lacks a permission, or the account lacks the feature"
	case code == exitAccess:
		return "; check the key and the region of the account (--region us or eu)"
	case code == exitNotFound:
		return "; check the id or path, and that the key belongs to the right account"
	case code == exitRateLimited:
		return "; other programs use this key: try again later, or lower the rate with --pace"
	case code == exitUnavailable:
		return "; try again later"
	case errors.Is(err, digicert.ErrRedirect):
		return "; check --base-url"
	}
	return ""
}

// whatToDo returns what to do after a write whose outcome is not known.
func whatToDo(err error) string {
	var unknown *digicert.OutcomeUnknownError
	switch {
	case !errors.As(err, &unknown):
		return ""
	case unknown.AlternativeOrderID != "":
		return "; the order may exist: run the command again with --alternative-id " + printable(unknown.AlternativeOrderID) + " --sent-before"
	case strings.HasSuffix(unknown.Path, "/reissue"), strings.HasSuffix(unknown.Path, "/duplicate"):
		return "; it may have been taken: run the command again with --since " + started.UTC().Format(time.RFC3339) + " --sent-before"
	}
	return "; it may have been taken: run the command again, what is done already is not done twice"
}

// started is when the program was started.
var started = time.Now()
