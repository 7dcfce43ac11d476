package digicerttest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
)

func TestParseFault(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		spec string
		want digicerttest.Fault
	}{
		{"status=503,times=2,endpoint=subaccount-orders", digicerttest.Status(503, "").Times(2).On(digicerttest.SubaccountOrders)},
		{`status=500,body={"a":1\,"b":"\\n"}`, digicerttest.Status(500, `{"a":1,"b":"\n"}`)},
		{"status=307,header=Location:https://a.example/,header=X-A:b", digicerttest.Status(307, "").Header("Location", "https://a.example/").Header("X-A", "b")},
		{`error=403:access_denied|x,message=no\, of course`, digicerttest.APIError(403, "access_denied|x", "no, of course")},
		{"html=502", digicerttest.HTMLPage(502)},
		{"redirect=https://a.example/?b=c", digicerttest.Redirect("https://a.example/?b=c")},
		{"rate-limited", digicerttest.RateLimited(0)},
		{"rate-limited=30s", digicerttest.RateLimited(30 * time.Second)},
		{"delay=1.5s,after=3", digicerttest.Delay(1500 * time.Millisecond).After(3)},
		{"hang", digicerttest.Hang()},
		{"reset", digicerttest.Reset()},
		{"drip=100/50ms", digicerttest.Drip(100, 50*time.Millisecond)},
		{"reset-in-body", digicerttest.ResetInBody()},
		{"truncate", digicerttest.Truncate()},
		{"truncate-silently", digicerttest.TruncateSilently()},
		{"huge-body=67108864", digicerttest.HugeBody(64 << 20)},
		{"gzip-bomb=67108864", digicerttest.GzipBomb(64 << 20)},
		{"empty-arrays", digicerttest.EmptyArraysForObjects()},
		{"numbers-as-strings,share=0.05,seed=7", digicerttest.NumbersAsStrings().Share(0.05, 7)},
		{"seed=7,share=0.05,numbers-as-strings", digicerttest.NumbersAsStrings().Share(0.05, 7)},
		{"duplicate-rows,share=1", digicerttest.DuplicateRows().Share(1, 0)},
		{"nulls,endpoint=reissues,endpoint=status-changes", digicerttest.Nulls().On(digicerttest.Reissues, digicerttest.StatusChanges)},
		{"missing-keys", digicerttest.MissingKeys()},
		{"repeat-primary", digicerttest.RepeatPrimary()},
		{"wrong-certificate", digicerttest.WrongCertificate()},
		{"wrong-certificate,endpoint=download,endpoint=chain", digicerttest.WrongCertificate().On(digicerttest.Download, digicerttest.Chain)},
		{"child-accounts,times=1,endpoint=subaccounts", digicerttest.ChildAccounts().Times(1).On(digicerttest.Subaccounts)},
		{"date-ahead=24h0m0s,times=1", digicerttest.DateAhead(24 * time.Hour).Times(1)},
		{"date-behind=1h0m0s", digicerttest.DateBehind(time.Hour)},
		{"date-growing=2h0m0s", digicerttest.DateGrowing(2 * time.Hour)},
		{"date-standing,after=2", digicerttest.DateStanding().After(2)},
		{"date-missing,endpoint=status-changes", digicerttest.DateMissing().On(digicerttest.StatusChanges)},
		{"nulls,endpoint=orders,endpoint=order", digicerttest.Nulls().On(digicerttest.Orders, digicerttest.OrderInfo)},
		{"missing-keys,endpoint=duplicates,endpoint=subaccount-order", digicerttest.MissingKeys().On(digicerttest.Duplicates, digicerttest.SubaccountOrder)},
	} {
		t.Run(tt.spec, func(t *testing.T) {
			t.Parallel()
			got, err := digicerttest.ParseFault(tt.spec)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			again, err := digicerttest.ParseFault(got.String())
			require.NoError(t, err, got.String())
			require.Equal(t, got, again)
		})
	}
}

func TestParseFaultRefuses(t *testing.T) {
	t.Parallel()
	for spec, text := range map[string]string{
		"":                                     `"" is neither a kind of fault nor an option`,
		"explode":                              `"explode" is neither a kind of fault nor an option`,
		"times=2":                              "the zero Fault does nothing",
		"reset,hang":                           `unexpected "hang": the kind of the fault is already reset`,
		"error=403:a,message=no, but":          `unexpected " but": the kind of the fault is already error`,
		"reset,reset":                          "reset is given twice",
		"reset,times=1,times=2":                "times is given twice",
		"reset,":                               `unexpected "": the kind of the fault is already reset`,
		"reset=1":                              "reset takes no value",
		"repeat-primary=1":                     "repeat-primary takes no value",
		"reset,times=x":                        "times=x is not a whole number",
		"reset,after=x":                        "after=x is not a whole number",
		"reset,times=0":                        "the number of times must be positive",
		"reset,share=half":                     "share=half is not a number",
		"reset,share=2":                        "the share must be above 0 and at most 1",
		"reset,share=1,seed=-1":                "seed=-1 is not a whole number",
		"reset,seed=1":                         "a seed requires a share",
		"reset,endpoint=nowhere":               `the endpoint "nowhere" does not exist`,
		"reset,header=A:b":                     "only a fault that sends its own response can have a header",
		"status=500,header=A":                  "header=A is not name:value",
		"html=502,body=x":                      "a body requires status=…",
		"status=500,message=x":                 "a message requires error=…",
		"status":                               "status= cannot be parsed",
		"status=5xx":                           "status=5xx cannot be parsed",
		"status=99":                            "status 99 is outside 200 to 599",
		"error=x:y":                            "error=x:y cannot be parsed",
		"redirect":                             "a redirect requires a URL",
		"rate-limited=soon":                    "rate-limited=soon cannot be parsed",
		"delay=5":                              "delay=5 cannot be parsed",
		"drip=100":                             "drip=100 cannot be parsed",
		"drip=x/1s":                            "drip=x/1s cannot be parsed",
		"drip=0/1s":                            "the number of bytes, 0, is not positive",
		"huge-body=1GB":                        "huge-body=1GB cannot be parsed",
		"gzip-bomb":                            "gzip-bomb= cannot be parsed",
		"wrong-certificate=1":                  "wrong-certificate takes no value",
		"child-accounts=1":                     "child-accounts takes no value",
		"wrong-certificate,endpoint=order":     `it cannot affect the endpoint "order"`,
		"child-accounts,endpoint=orders":       `it cannot affect the endpoint "orders"`,
		"nulls,endpoint=download":              `it cannot affect the endpoint "download"`,
		"missing-keys,endpoint=download":       `it cannot affect the endpoint "download"`,
		"empty-arrays,endpoint=download":       `it cannot affect the endpoint "download"`,
		"numbers-as-strings,endpoint=download": `it cannot affect the endpoint "download"`,
		"duplicate-rows,endpoint=download":     `it cannot affect the endpoint "download"`,
		"duplicate-rows,endpoint=order":        `it cannot affect the endpoint "order"`,
		"duplicate-rows,endpoint=subaccount-order": `it cannot affect the endpoint "subaccount-order"`,
		`reset\`:                                 "it ends with a backslash",
		"repeat-primary,endpoint=status-changes": "it affects the endpoint reissues only",
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			got, err := digicerttest.ParseFault(spec)
			require.ErrorContains(t, err, text)
			require.Equal(t, digicerttest.Fault{}, got)
		})
	}
}

// FuzzParseFault checks that ParseFault and String agree.
func FuzzParseFault(f *testing.F) {
	f.Add("status=503,times=2,endpoint=subaccount-orders")
	f.Add(`error=200:a|b,message=x\,y\\,share=0.5,seed=3,header=A: b`)
	f.Add("drip=100/50ms,after=1")
	f.Fuzz(func(t *testing.T, spec string) {
		fault, err := digicerttest.ParseFault(spec)
		if err != nil {
			return
		}
		again, err := digicerttest.ParseFault(fault.String())
		require.NoError(t, err, fault.String())
		require.Equal(t, fault, again)
	})
}
