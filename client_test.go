package digicert_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// badKeys cannot be keys, and hold one that must not be shown.
var badKeys = map[string]string{
	"newline behind":      testKey + "\n",
	"CR LF behind":        testKey + "\r\n",
	"space before":        " " + testKey,
	"tab behind":          testKey + "\t",
	"space within":        "a " + testKey,
	"newline within":      "a\n" + testKey,
	"header within":       testKey + "\r\nX-Other: 1",
	"NUL":                 testKey + "\x00",
	"DEL":                 testKey + "\x7f",
	"not ASCII":           testKey + "\u00e9",
	"not UTF-8":           testKey + "\xff",
	"no-break space":      testKey + "\u00a0",
	"escape":              "\x1b" + testKey,
	"byte order mark":     "\ufeff" + testKey,
	"zero width in a key": testKey + "\u200b",
}

// However a client is printed, alone or within something else, its key is not.
func TestPrintingShowsNoKey(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{}`)
	_, err := c.Reissues.List(t.Context(), 1, nil) // a client that has been used knows more
	require.NoError(t, err)

	type exported struct {
		Name    string
		Pointer *digicert.Client
		Value   digicert.Client
	}
	type unexported struct {
		name    string
		pointer *digicert.Client
		value   digicert.Client
	}
	type embedded struct{ *digicert.Client }
	things := map[string]any{
		"pointer":              c,
		"value":                *c,
		"pointer to a pointer": &c,
		"exported fields":      exported{"x", c, *c},
		"pointer to exported":  &exported{"x", c, *c},
		"unexported fields":    unexported{"x", c, *c},
		"pointer to unexp.":    &unexported{"x", c, *c},
		"embedded":             embedded{c},
		"slice":                []any{c, *c, unexported{"x", c, *c}},
		"map":                  map[string]any{"c": c, "v": unexported{"x", c, *c}},
		"service":              c.Reissues,
		"service by value":     *c.StatusChanges,
		"all services":         []any{c.Orders, *c.Orders, c.Subaccounts, *c.Subaccounts, *c.Reissues},
		"method":               c.Get,
	}
	for name, thing := range things {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T", "%p"} {
				require.NotContains(t, fmt.Sprintf(verb, thing), testKey, verb)
				require.NotContains(t, fmt.Sprintf(verb, thing), fmt.Sprintf("%x", testKey), verb)
			}
			for _, newHandler := range []func(io.Writer) slog.Handler{
				func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
				func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
			} {
				var out bytes.Buffer
				slog.New(newHandler(&out)).With("with", thing).WithGroup("g").Info("m", "thing", thing)
				require.NotEmpty(t, out.String())
				require.NotContains(t, out.String(), testKey)
			}
			encoded, err := json.Marshal(thing)
			require.NotContains(t, string(encoded)+fmt.Sprint(err), testKey)
		})
	}
}

func TestPrinting(t *testing.T) {
	t.Parallel()
	c, err := digicert.NewClient(testKey, digicert.WithBaseURL(digicert.BaseURLEU))
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.Equal(t, "digicert.Client(https://certcentral.digicert.eu/services/v2)", fmt.Sprintf(verb, c))
		require.Equal(t, "digicert.Client(https://certcentral.digicert.eu/services/v2)", fmt.Sprintf(verb, *c))
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "client", c)
	require.Contains(t, out.String(), digicert.BaseURLEU)
	require.NotPanics(t, func() { _ = fmt.Sprintf("%v %+v", (*digicert.Client)(nil), digicert.Client{}) })
}

// A client that NewClient did not make says so.
func TestNoClient(t *testing.T) {
	t.Parallel()
	for _, c := range []*digicert.Client{nil, new(digicert.Client)} {
		requireOneLine(t, c.Get(t.Context(), "/x", nil, nil))
	}
	_, err := new(digicert.ReissuesService).List(t.Context(), 1, nil)
	requireOneLine(t, err)
	_, err = new(digicert.SubaccountsService).ListOrders(t.Context(), nil)
	requireOneLine(t, err)
	_, err = new(digicert.StatusChangesService).List(t.Context(), digicert.Last(time.Hour))
	requireOneLine(t, err)
	_, err = new(digicert.OrdersService).Get(t.Context(), 1)
	requireOneLine(t, err)
	_, err = new(digicert.OrdersService).Duplicates(t.Context(), 1, nil)
	requireOneLine(t, err)
	_, err = new(digicert.OrdersService).History(t.Context(), 1)
	requireOneLine(t, err)
	_, err = new(digicert.CertificatesService).Chain(t.Context(), 1)
	requireOneLine(t, err)
	_, err = new(digicert.CertificatesService).Download(t.Context(), 1, digicert.FormatCER)
	requireOneLine(t, err)
}

// blanks is an endless body of white space.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Zero clients and services return an error everywhere, iterators included.
func TestZeroClientsAndServices(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, c := range map[string]*digicert.Client{
		"zero": {},
		"zero services": {
			Orders: new(digicert.OrdersService), Reissues: new(digicert.ReissuesService), Subaccounts: new(digicert.SubaccountsService),
			StatusChanges: new(digicert.StatusChangesService), Certificates: new(digicert.CertificatesService), Requests: new(digicert.RequestsService),
			Organizations: new(digicert.OrganizationsService), Products: new(digicert.ProductsService), Domains: new(digicert.DomainsService),
			Users: new(digicert.UsersService), Account: new(digicert.AccountService),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, k := range calls {
				_, err := k.do(ctx, c)
				require.ErrorContains(t, err, "NewClient", k.name)
			}
			list, _ := writes(t)
			for _, w := range list {
				require.ErrorContains(t, w.do(ctx, c), "NewClient", w.name)
			}
			_, err := c.StatusChanges.Since(ctx, time.Now())
			require.ErrorContains(t, err, "NewClient")
			_, err = c.Orders.History(ctx, 1)
			require.ErrorContains(t, err, "NewClient")
			_, err = c.Orders.ByAlternativeID(ctx, "x")
			require.ErrorContains(t, err, "NewClient")
			_, err = c.Orders.WaitIssued(ctx, 1, nil)
			require.ErrorContains(t, err, "NewClient")
			for err := range errorsOf(c.Orders.All(ctx, nil)) {
				require.ErrorContains(t, err, "NewClient")
			}
			for err := range errorsOf(c.Subaccounts.All(ctx, nil)) {
				require.ErrorContains(t, err, "NewClient")
			}
			for err := range errorsOf(c.Subaccounts.AllOrders(ctx, nil)) {
				require.ErrorContains(t, err, "NewClient")
			}
			for err := range errorsOf(c.Requests.All(ctx, nil)) {
				require.ErrorContains(t, err, "NewClient")
			}
			for err := range errorsOf(c.Organizations.All(ctx, nil)) {
				require.ErrorContains(t, err, "NewClient")
			}
			for err := range errorsOf(c.Domains.All(ctx, nil)) {
				require.ErrorContains(t, err, "NewClient")
			}
			for err := range errorsOf(c.StatusChanges.Watch(ctx, nil)) {
				require.ErrorContains(t, err, "NewClient")
			}
		})
	}
	var none *digicert.Client
	require.ErrorContains(t, none.Get(ctx, "/x", nil, nil), "NewClient")
}

// errorsOf returns the errors of a sequence, which must have one.
func errorsOf[T any](seq iter.Seq2[T, error]) iter.Seq[error] {
	return func(yield func(error) bool) {
		n := 0
		for _, err := range seq {
			if n++; !yield(err) {
				return
			}
		}
		if n == 0 {
			yield(errors.New("the sequence is empty"))
		}
	}
}
