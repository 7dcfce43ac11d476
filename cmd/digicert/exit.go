// Exit codes, and the messages of failures.

package main

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
	"github.com/go-digicert/digicert/inventory"
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
	exitBusy        = 9
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
	case errors.As(err, new(expiresError)):
		return exitExpires
	case errors.Is(err, inventory.ErrBusy):
		return exitBusy
	case errors.Is(err, digicert.ErrOutcomeUnknown): // also if the program was interrupted
		return exitUnknown
	case interrupted(ctx, err):
		return exitInterrupted
	case isForeign(err), errors.Is(err, digicertredis.ErrUnavailable):
		return exitUnavailable
	case errors.As(err, &key), errors.As(err, &param) && param.Param == "apiKey", errors.Is(err, digicertredis.ErrRefused), databaseRefuses(err),
		errors.Is(err, inventory.ErrOtherAccount), errors.Is(err, digicert.ErrAccessDenied), errors.Is(err, digicert.CodeAccessDenied):
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

// isForeign reports whether an error response is not from the service, because its body is HTML, for example. It is then from a
// firewall or a proxy, and does not concern the key.
func isForeign(err error) bool {
	var answer *digicert.Error
	if !errors.As(err, &answer) || len(answer.Details) > 0 || answer.StatusCode < 400 || answer.StatusCode > 499 {
		return false
	}
	body := bytes.TrimSpace(answer.Body)
	return answer.StatusCode == http.StatusProxyAuthRequired || len(body) > 0 && body[0] != '{' && body[0] != '['
}

// unreachable reports whether err is a failure of the network: no connection, a lost connection, a time-out, or an answer that is cut
// off, is not HTTP or cannot be decompressed. A certificate that does not verify is not one, because that is permanent.
func unreachable(err error) bool {
	var operation *net.OpError
	var name *net.DNSError
	var network net.Error
	var certificate *tls.CertificateVerificationError
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &operation):
		return operation.Op != "listen" // the sandbox cannot listen, which is not about the service
	case errors.As(err, &certificate), errors.Is(err, digicert.ErrRedirect), errors.Is(err, digicert.ErrResponseTooLarge):
		return false
	}
	if errors.As(err, &network) {
		_, ofSystem := network.(syscall.Errno) // such as a full disk
		return !ofSystem
	}
	return errors.As(err, &name) || errors.As(err, &corrupt) || errors.Is(err, gzip.ErrHeader) ||
		errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// isProxyAuth reports whether a proxy asks for a user and a password.
func isProxyAuth(err error) bool {
	var answer *digicert.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusProxyAuthRequired ||
		unreachable(err) && strings.Contains(strings.ToLower(err.Error()), "proxy authentication required")
}

// proxyHost returns the host of the proxy of the environment, without its user and password.
func proxyHost() string {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		value := os.Getenv(name)
		if value == "" {
			continue
		}
		if !strings.Contains(value, "://") {
			value = "http://" + value
		}
		if u, err := url.Parse(value); err == nil && u.Host != "" {
			return u.Host + " (" + name + ")"
		}
	}
	return "the proxy"
}

// message formats err as one line that begins with "digicert: ", as the errors of package digicert do already. An error that is
// part of another does not begin so.
func message(err error) string {
	line := strings.ReplaceAll(strings.Join(strings.Fields(err.Error()), " "), ": digicert: ", ": ")
	return "digicert: " + strings.TrimPrefix(strings.TrimPrefix(string(escape([]byte(line))), "digicert: "), "digicert ")
}

// reason is message for an error that is a part of a line.
func reason(err error) string { return strings.TrimPrefix(message(err), "digicert: ") }

// advice returns the end of a message, which says what the user can do, or "" if that is not known.
func advice(code int, err error) string {
	var key keyError
	switch {
	case errors.As(err, &key):
		return "" // the message says it already
	case code == exitUnknown:
		return whatToDo(err)
	case errors.Is(err, digicertredis.ErrUnavailable):
		return "; without it no request is sent: check --redis"
	case errors.Is(err, digicertredis.ErrRefused):
		return "; without it no request is sent: check --redis, its user, the password (" + redisPasswordVariable + ") and the permissions"
	case databaseRefuses(err):
		return "; check the user of the database, its password (PGPASSWORD or ~/.pgpass) and what it may do"
	case errors.Is(err, inventory.ErrOtherAccount):
		return "; use a key of that account, or name another database with --db"
	case isProxyAuth(err):
		return "; " + proxyHost() + " asks for a user and a password: set them in the variable, as http://USER:PASSWORD@HOST:PORT"
	case isForeign(err):
		return "; the answer is not from the service: a firewall or a proxy is in the way"
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
		return "; the order may exist: run the command again with --alternative-id " + shellWord(unknown.AlternativeOrderID) + " --sent-before"
	case strings.HasSuffix(unknown.Path, "/reissue"), strings.HasSuffix(unknown.Path, "/duplicate"):
		return "; it may have been taken: run the command again with --since " + started.UTC().Format(time.RFC3339) + " --sent-before"
	}
	return "; it may have been taken: run the command again, what is done already is not done twice"
}

var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// shellWord returns a text as one word of a command line.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// started is when the program was started.
var started = time.Now()
