// Failed polls: which are repeated, and how they are reported.

package digicert

import (
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// pollUntilDone repeats a poll until it succeeds or fails permanently.
func (w *watch) pollUntilDone() (*poll, error) {
	p := &poll{watch: w, caught: make(map[bool][]*catchUp)}
	for n := 1; ; n++ {
		err := p.ask()
		if err == nil {
			w.answered = true
			w.reportRows(p)
			return p, nil
		}
		cause := ended(w.ctx)
		if cause != nil || !permanent(err, !w.answered) {
			if err := w.saveStart(nil); err != nil {
				return nil, err
			}
		}
		if cause != nil {
			return nil, w.endError(err, cause)
		}
		wait := max(w.Interval, w.s.client().retry.backoff(n))
		end := permanent(err, !w.answered)
		w.logFailure(err, n, wait, end)
		w.report(err)
		if end {
			return nil, err
		}
		if cause := sleepUntilEnd(w.ctx, wait); cause != nil {
			return nil, w.endError(err, cause)
		}
	}
}

// permanent reports whether a failure ends the watch. first means that there was no response yet: more failures are then
// permanent, because they are probably mistakes in the configuration.
func permanent(err error, first bool) bool {
	var param *ParamError
	var answer *Error
	isAnswer := errors.As(err, &answer)
	switch {
	case errors.Is(err, CodeAccessDenied), errors.As(err, &param), isAnswer && answer.StatusCode == http.StatusUnauthorized:
		return true
	case !first:
		return false
	case isAnswer:
		return permanentStatus(answer)
	}
	return errors.Is(err, ErrRedirect) || isKeyFailure(err) || isBadCertificate(err) || isProxyAuth(err)
}

// permanentStatus reports whether the service would refuse the same request again. A 403 without a code is not
// from the service but from a firewall, and temporary.
func permanentStatus(answer *Error) bool {
	switch answer.StatusCode {
	case http.StatusForbidden:
		return len(answer.Details) > 0
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusTooEarly:
		return false
	}
	return answer.StatusCode >= 400 && answer.StatusCode <= 499
}

func (w *watch) logFailure(err error, n int, wait time.Duration, end bool) {
	attrs := []slog.Attr{
		slog.String("method", http.MethodGet),
		slog.String("path", statusChangesPath),
		slog.Int("status", statusOf(err)),
		slog.Int("attempt", n),
	}
	if !end {
		attrs = append(attrs, slog.Duration("wait", wait))
	}
	attrs = append(attrs, slog.String("reason", reasonOf(err)), slog.String("error", err.Error()))
	w.s.client().log.LogAttrs(w.ctx, slog.LevelWarn, "digicert: poll failed", attrs...)
}

func (w *watch) report(err error) {
	if w.OnError != nil {
		w.OnError(err)
	}
}

// reportRows reports the invalid rows, each when it is first listed.
func (w *watch) reportRows(p *poll) {
	bad := make(map[string]int) // how often a response had the row
	for _, a := range p.asks {
		times := make(map[string]int)
		for _, row := range a.bad {
			times[row.text]++
			if times[row.text] <= max(w.bad[row.text], bad[row.text]) {
				continue
			}
			bad[row.text] = times[row.text]
			w.s.client().log.LogAttrs(w.ctx, slog.LevelWarn, "digicert: row skipped",
				slog.String("method", http.MethodGet),
				slog.String("path", statusChangesPath),
				slog.String("error", row.err.Error()))
			w.report(row.err)
		}
		for text, n := range times {
			bad[text] = max(bad[text], n)
		}
	}
	w.bad = bad
}

func (w *watch) endError(failure, cause error) error {
	if errors.Is(failure, cause) {
		return failure
	}
	return newEndError(w.s.request(), failure, cause, w.ctx.Err())
}
