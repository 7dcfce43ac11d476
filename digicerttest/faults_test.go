package digicerttest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
)

const reissuePath = "/order/certificate/123457/reissue"

// eachWay runs a test over real connections and in memory. Each connection is used once, because net/http
// itself repeats a request if a reused connection breaks.
func eachWay(t *testing.T, test func(t *testing.T, s *digicerttest.Server, hc *http.Client)) {
	t.Run("loopback", func(t *testing.T) {
		t.Parallel()
		s := digicerttest.NewServer(t)
		test(t, s, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: noRedirect})
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		s, err := digicerttest.New()
		require.NoError(t, err)
		test(t, s, &http.Client{Transport: s.Transport(), CheckRedirect: noRedirect})
	})
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func TestFaultsThatAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault       digicerttest.Fault
		status      int
		contentType string
		body        string // or, with a *, a part of it
		header      [2]string
	}{
		{fault: digicerttest.Status(503, ""), status: 503},
		{fault: digicerttest.Status(204, ""), status: 204},
		{fault: digicerttest.Status(500, "oops"), status: 500, contentType: "text/plain; charset=UTF-8", body: "oops"},
		{fault: digicerttest.Status(500, ` {"a":1}`), status: 500, contentType: "application/json", body: ` {"a":1}`},
		{fault: digicerttest.Status(200, "<p>"), status: 200, contentType: "text/html; charset=UTF-8", body: "<p>"},
		{
			fault: digicerttest.APIError(200, "a|b", `m"`), status: 200, contentType: "application/json",
			body: `{"errors":[{"code":"a|b","message":"m\""}]}`,
		},
		{fault: digicerttest.HTMLPage(502), status: 502, contentType: "text/html; charset=UTF-8", body: "*<h1>502 Bad Gateway</h1>"},
		{fault: digicerttest.Redirect("https://elsewhere.example/"), status: 302, header: [2]string{"Location", "https://elsewhere.example/"}},
		{
			fault: digicerttest.RateLimited(0), status: 429, contentType: "application/json",
			body:   `{"errors":[{"code":"request_limit_exceeded","message":"Service unavailable, please limit request volume"}]}`,
			header: [2]string{"Retry-After", ""},
		},
		{
			fault: digicerttest.RateLimited(1500 * time.Millisecond), status: 429, contentType: "application/json",
			body: "*request_limit_exceeded", header: [2]string{"Retry-After", "2"},
		},
		{
			fault: digicerttest.Status(307, "").Header("Location", "/x").Header("Date", "yesterday"), status: 307,
			header: [2]string{"Date", "yesterday"},
		},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			t.Parallel()
			eachWay(t, func(t *testing.T, s *digicerttest.Server, hc *http.Client) {
				require.NoError(t, s.Inject(tt.fault))
				for _, key := range []string{s.Key(), "wrong"} { // faults in front of the service do not check keys
					got, err := send(t, hc, http.MethodGet, s.URL()+reissuePath, key)
					require.NoError(t, err)
					require.Equal(t, tt.status, got.status)
					require.Equal(t, tt.contentType, got.header.Get("Content-Type"))
					if part, ok := strings.CutPrefix(tt.body, "*"); ok {
						require.Contains(t, got.body, part)
					} else {
						require.Equal(t, tt.body, got.body)
					}
					if tt.header[0] != "" {
						require.Equal(t, tt.header[1], got.header.Get(tt.header[0]))
					}
				}
				require.Equal(t, digicerttest.Stats{Requests: 2, Faulted: 2}, s.Stats())
				require.Equal(t, tt.status, s.Requests()[0].Status)
				s.ClearFaults()
				got, err := send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
				require.NoError(t, err)
				require.JSONEq(t, sample(t, "reissues"), got.body)
			})
		})
	}
}

func TestFaultsThatBreakTheConnection(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault digicerttest.Fault
		want  error
		part  bool // whether half of the body arrives
	}{
		{digicerttest.Reset(), syscall.ECONNRESET, false},
		{digicerttest.ResetInBody(), syscall.ECONNRESET, true},
		{digicerttest.Truncate(), io.ErrUnexpectedEOF, true},
		{digicerttest.TruncateSilently(), nil, true},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			t.Parallel()
			eachWay(t, func(t *testing.T, s *digicerttest.Server, hc *http.Client) {
				whole, err := send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
				require.NoError(t, err)
				require.NoError(t, s.Inject(tt.fault.Times(1)))
				got, err := send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
				require.ErrorIs(t, err, tt.want)
				if tt.part {
					require.Equal(t, 200, got.status)
					require.Equal(t, whole.body[:len(whole.body)/2], got.body)
					announced := len(whole.body)
					if tt.want == nil {
						announced /= 2
					}
					require.Equal(t, fmt.Sprint(announced), got.header.Get("Content-Length"))
				} else {
					require.Zero(t, s.Requests()[1].Status, "it was not answered")
				}
				got, err = send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
				require.NoError(t, err)
				require.Equal(t, whole.body, got.body)
				require.Equal(t, digicerttest.Stats{Requests: 3, Faulted: 1}, s.Stats())
			})
		})
	}
}
