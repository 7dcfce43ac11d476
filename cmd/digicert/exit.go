package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

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
	exitInterrupted = 130
)

// usageError is a command line that was refused.
type usageError struct{ error }

func usageErrorf(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// keyError is an API key that is not there.
type keyError struct{ error }

func (e keyError) Unwrap() error { return e.error }

var errNoKey = errors.New(
	"there is no API key: put it into a file and name that with --api-key-file, or set " + keyVariable + "; --demo needs none",
)

// errClosedPipe is an output that nobody reads any more, as behind head. That is no failure.
var errClosedPipe = errors.New("nobody reads the output any more")

// exitCode sorts an error by what the caller can do about it.
func exitCode(ctx context.Context, err error) int {
	var usage usageError
	var key keyError
	var param *digicert.ParamError
	switch {
	case err == nil || errors.Is(err, errClosedPipe):
		return exitSuccess
	case errors.As(err, &usage):
		return exitUsage
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

// interrupted reports whether err is the end of ctx, which only a signal ends.
func interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, ctx.Err())
}

// unreachable reports whether err is the network's: no connection, a broken one, no answer in time, or half of one.
func unreachable(err error) bool {
	var operation *net.OpError
	var name *net.DNSError
	var timeout interface{ Timeout() bool }
	if errors.As(err, &operation) {
		return operation.Op != "listen" // which a sandbox does
	}
	return errors.As(err, &name) || errors.As(err, &timeout) && timeout.Timeout() ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// message is the line that tells what went wrong. The errors of package digicert begin with its name already.
func message(err error) string {
	return "digicert: " + strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "digicert: ")
}

// advice is the end of that line: what to do about it, where that is known.
func advice(code int, err error) string {
	var key keyError
	switch {
	case errors.As(err, &key):
		return "" // it says so itself
	case errors.Is(err, digicert.CodeMissingPermission):
		return "; the key lacks the permission, or the account the feature"
	case code == exitAccess:
		return "; check the key, and that the account is in this region: --region us or eu"
	case code == exitNotFound:
		return "; check the id or the path, and that the key belongs to the account that has it"
	case code == exitRateLimited:
		return "; others use the key too: try again later, or share its limits with --pace"
	case code == exitUnavailable:
		return "; try again later"
	case errors.Is(err, digicert.ErrRedirect):
		return "; check --base-url"
	}
	return ""
}
