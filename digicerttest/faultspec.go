// The text form of faults.

package digicerttest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// ParseFault parses a fault in the form used on the command line, such as
//
//	status=503,times=2,endpoint=subaccount-orders
//
// It is a list of words separated by commas, one of which is the kind of the fault:
//
//	status=503                  Status; body=… is its body
//	error=400:some_code         APIError; message=… is its message
//	html=502                    HTMLPage
//	redirect=https://…          Redirect
//	rate-limited                RateLimited; rate-limited=30s sends Retry-After
//	delay=2s                    Delay
//	hang                        Hang
//	reset                       Reset
//	drip=100/50ms               Drip: bytes and pause
//	reset-in-body               ResetInBody
//	truncate                    Truncate
//	truncate-silently           TruncateSilently
//	huge-body=67108864          HugeBody, in bytes
//	gzip-bomb=67108864          GzipBomb, in bytes
//	empty-arrays                EmptyArraysForObjects
//	numbers-as-strings          NumbersAsStrings
//	duplicate-rows              DuplicateRows
//	nulls                       Nulls
//	missing-keys                MissingKeys
//	repeat-primary              RepeatPrimary
//	wrong-certificate           WrongCertificate
//	child-accounts              ChildAccounts
//	lose-request                LoseRequest
//	lose-answer                 LoseAnswer
//	cut-while-acting            CutWhileActing
//	commit-late=3               CommitLate; commit-late=10s is CommitLateBy
//	other-form                  OtherForm
//	ignored-sort                IgnoredSort
//	total-of-page               TotalOfPage
//	total-so-far                TotalSoFar
//	total-high=100              TotalHigh
//	total-random                TotalRandom
//	total-stale                 TotalStale
//	total-capped=100            TotalCapped
//	counted-late                CountedLate
//	short-pages=10              ShortPages
//	uneven-pages                UnevenPages
//	repeated-rows               RepeatedRows
//	date-ahead=24h              DateAhead
//	date-behind=1h              DateBehind
//	date-growing=2h             DateGrowing
//	date-standing               DateStanding
//	date-missing                DateMissing
//
// and the others are options, like the methods of Fault:
//
//	times=2                     Times
//	after=10                    After
//	after-effect                AfterEffect
//	share=0.05, seed=7          Share
//	endpoint=reissues           On; may be repeated; the values are those of the Endpoint constants
//	header=Retry-After:30       Header; may be repeated
//
// Within a value, write a comma as \, and a backslash as \\.
func ParseFault(spec string) (Fault, error) {
	f, err := parseFault(spec)
	if err != nil {
		return Fault{}, fmt.Errorf("digicerttest: fault %q: %w", spec, err)
	}
	return f, nil
}

func parseFault(spec string) (Fault, error) {
	words, err := splitSpec(spec)
	if err != nil {
		return Fault{}, err
	}
	var f Fault
	var shared, seeded bool
	seen := make(map[string]bool)
	for _, word := range words {
		name, value, given := strings.Cut(word, "=")
		if seen[name] && name != "endpoint" && name != "header" {
			return Fault{}, fmt.Errorf("%s is given twice", name)
		}
		seen[name] = true
		switch name {
		case "times", "after":
			n, err := strconv.Atoi(value)
			if err != nil {
				return Fault{}, fmt.Errorf("%s=%s is not a whole number", name, value)
			}
			if name == "times" {
				f = f.Times(n)
			} else {
				f = f.After(n)
			}
		case "share":
			share, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return Fault{}, fmt.Errorf("share=%s is not a number", value)
			}
			shared = true
			f = f.Share(share, f.seed)
		case "seed":
			if f.seed, err = strconv.ParseUint(value, 10, 64); err != nil {
				return Fault{}, fmt.Errorf("seed=%s is not a whole number", value)
			}
			seeded = true
		case "endpoint":
			f = f.On(Endpoint(value))
		case "header":
			headerName, headerValue, ok := strings.Cut(value, ":")
			if !ok {
				return Fault{}, fmt.Errorf("header=%s is not name:value", value)
			}
			f = f.Header(headerName, strings.TrimSpace(headerValue))
		case "after-effect":
			if given {
				return Fault{}, errors.New("after-effect takes no value")
			}
			f = f.AfterEffect()
		case "body", "message":
			f.text = value
		default:
			if f.kind != "" {
				return Fault{}, fmt.Errorf("unexpected %q: the kind of the fault is already %s", name, f.kind)
			}
			if f, err = f.parseKind(faultKind(name), value, given); err != nil {
				return Fault{}, err
			}
		}
	}
	switch {
	case seeded && !shared:
		return Fault{}, errors.New("a seed requires a share")
	case seen["body"] && f.kind != kindStatus:
		return Fault{}, errors.New("a body requires status=…")
	case seen["message"] && f.kind != kindError:
		return Fault{}, errors.New("a message requires error=…")
	}
	return f, f.check()
}

// parseKind parses the kind of the fault and its value.
func (f Fault) parseKind(kind faultKind, value string, given bool) (Fault, error) {
	var err error
	f.kind = kind
	switch kind {
	case kindStatus, kindHTML:
		f.status, err = strconv.Atoi(value)
	case kindError:
		status, code, _ := strings.Cut(value, ":")
		f.code = digicert.ErrorCode(code)
		f.status, err = strconv.Atoi(status)
	case kindRedirect:
		f.text = value
	case kindRateLimited:
		if given {
			f.wait, err = time.ParseDuration(value)
		}
	case kindDelay, kindDateAhead, kindDateBehind, kindDateGrowing:
		f.wait, err = time.ParseDuration(value)
	case kindDrip:
		drop, pause, _ := strings.Cut(value, "/")
		if f.bytes, err = strconv.ParseInt(drop, 10, 32); err == nil {
			f.wait, err = time.ParseDuration(pause)
		}
	case kindHugeBody, kindGzipBomb, kindTotalHigh, kindTotalCapped, kindShortPages:
		f.bytes, err = strconv.ParseInt(value, 10, 64)
	case kindCommitLate:
		if f.bytes, err = strconv.ParseInt(value, 10, 32); err != nil {
			f.wait, err = time.ParseDuration(value)
			f.bytes = 0
		}
	case kindHang, kindReset, kindResetInBody, kindTruncate, kindTruncateSilently, kindEmptyArrays, kindNumbersAsStrings,
		kindDuplicateRows, kindNulls, kindMissingKeys, kindRepeatPrimary, kindWrongCertificate, kindChildAccounts,
		kindLoseRequest, kindLoseAnswer, kindCutWhileActing, kindOtherForm,
		kindIgnoredSort, kindTotalOfPage, kindTotalSoFar, kindTotalRandom, kindTotalStale, kindCountedLate, kindUnevenPages,
		kindRepeatedRows, kindDateStanding, kindDateMissing:
		if given {
			return Fault{}, fmt.Errorf("%s takes no value", kind)
		}
	default:
		return Fault{}, fmt.Errorf("%q is neither a kind of fault nor an option", kind)
	}
	if err != nil {
		return Fault{}, fmt.Errorf("%s=%s cannot be parsed", kind, value)
	}
	return f, nil
}

// splitSpec splits at the commas that are not escaped by a backslash.
func splitSpec(spec string) ([]string, error) {
	var words []string
	var word strings.Builder
	escaped := false
	for _, r := range spec {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == ',':
			words = append(words, word.String())
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	if escaped {
		return nil, errors.New("it ends with a backslash")
	}
	return append(words, word.String()), nil
}

// String formats the fault for [ParseFault].
func (f Fault) String() string {
	var words []string
	add := func(name, value string) {
		words = append(words, name+"="+strings.NewReplacer(`\`, `\\`, ",", `\,`).Replace(value))
	}
	kind := string(f.kind)
	switch f.kind {
	case kindStatus:
		add(kind, strconv.Itoa(f.status))
		if f.text != "" {
			add("body", f.text)
		}
	case kindError:
		add(kind, fmt.Sprintf("%d:%s", f.status, f.code))
		add("message", f.text)
	case kindHTML:
		add(kind, strconv.Itoa(f.status))
	case kindRedirect:
		add(kind, f.text)
	case kindDelay, kindDateAhead, kindDateBehind, kindDateGrowing:
		add(kind, f.wait.String())
	case kindDrip:
		add(kind, fmt.Sprintf("%d/%s", f.bytes, f.wait))
	case kindHugeBody, kindGzipBomb, kindTotalHigh, kindTotalCapped, kindShortPages:
		add(kind, strconv.FormatInt(f.bytes, 10))
	case kindCommitLate:
		if f.wait != 0 {
			add(kind, f.wait.String())
			break
		}
		add(kind, strconv.FormatInt(f.bytes, 10))
	case kindRateLimited:
		if f.wait != 0 {
			add(kind, f.wait.String())
			break
		}
		words = append(words, kind)
	default:
		words = append(words, kind)
	}
	if f.times != 0 {
		add("times", strconv.Itoa(f.times))
	}
	if f.after != 0 {
		add("after", strconv.Itoa(f.after))
	}
	if f.effect {
		words = append(words, "after-effect")
	}
	if f.share != 0 {
		add("share", strconv.FormatFloat(f.share, 'g', -1, 64))
		add("seed", strconv.FormatUint(f.seed, 10))
	}
	for _, e := range f.endpoints {
		add("endpoint", string(e))
	}
	for _, h := range f.header {
		add("header", h[0]+":"+h[1])
	}
	return strings.Join(words, ",")
}
