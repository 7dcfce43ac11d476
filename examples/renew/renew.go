package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-digicert/digicert"
)

// renewal is one run of the program.
type renewal struct {
	client       *digicert.Client
	service      string // the base URL
	dir          string
	days         int
	all          bool
	skipApproval bool
	patience     time.Duration
	poll         time.Duration

	mu     sync.Mutex
	out    io.Writer // gets a line for each certificate
	failed int
}

// run finishes what earlier runs have begun, and begins what is due. It sends everything first and waits then, so that one
// certificate that takes days holds up no other.
func (r *renewal) run(ctx context.Context) error {
	if r.days < 1 {
		return fmt.Errorf("-days must be at least 1, but is %d", r.days)
	}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return err
	}
	unlock, err := lock(filepath.Join(r.dir, ".lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if err := removeTemporary(r.dir); err != nil {
		return err
	}
	busy := make(map[string]digicert.OrderID) // by file: the order that an earlier run has begun with; 0 if it is not known
	sent, err := r.resume(ctx, busy)
	if err != nil {
		return err
	}
	begun, err := r.begin(ctx, busy)
	r.finish(ctx, append(sent, begun...))
	if err == nil && r.failed > 0 {
		err = fmt.Errorf("failures: %d", r.failed)
	}
	return cmp.Or(ctx.Err(), err)
}

// resume sends what earlier runs have begun, unless they have sent it, and returns what to wait for.
func (r *renewal) resume(ctx context.Context, busy map[string]digicert.OrderID) (sent []*intent, err error) {
	rejected, err := r.files(rejectedSuffix)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(rejected)) {
		busy[name] = 0
		r.fail(name, fmt.Errorf("an earlier order was rejected: remove %s to try again", rejected[name]))
	}
	begun, err := r.files(intentSuffix)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(begun)) {
		busy[name] = 0 // whatever is wrong with it: something may have been ordered
		in, err := readIntent(begun[name])
		if err == nil {
			busy[name] = in.OrderID
		}
		if err == nil && in.Service != r.service {
			err = fmt.Errorf("%s was begun with %s, not with %s", begun[name], in.Service, r.service)
		}
		if err == nil {
			err = r.send(ctx, in)
		}
		if err != nil {
			r.fail(name, err)
			continue
		}
		sent = append(sent, in)
	}
	return sent, nil
}

// begin sends what is due, what expires first first, and returns what to wait for.
func (r *renewal) begin(ctx context.Context, busy map[string]digicert.OrderID) (sent []*intent, err error) {
	files, err := r.members(busy)
	if err != nil {
		return nil, err
	}
	var response digicert.Response
	var list []digicert.Expiring
	for e, err := range r.client.Expiring(digicert.CaptureResponse(ctx, &response), time.Duration(r.days)*24*time.Hour) {
		if err != nil {
			return nil, err
		}
		if e.Subaccount.AccountID == 0 && strings.Contains(e.Product.Type, "ssl") { // orders of subaccounts are theirs to renew
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b digicert.Expiring) int { return a.ValidTill.Compare(b.ValidTill) })
	now := cmp.Or(response.Date, time.Now()) // by the service's clock, if it says it
	for _, e := range list {
		f, err := files.of(e), error(nil)
		if f == nil && r.all {
			f, err = files.add(r.path(fileName(e.CommonName)), e)
		}
		switch {
		case err != nil:
			r.fail(fileName(e.CommonName), err)
			continue
		case f == nil || ctx.Err() != nil:
			continue
		case f.busy && f.leaf == nil && f.order != 0 && f.order != e.OrderID:
			r.fail(f.name, fmt.Errorf("orders %d and %d are both for this name, and there is one file: renew the second by hand", f.order, e.OrderID))
			continue
		case f.busy:
			continue
		}
		f.busy, f.order = true, e.OrderID
		if f.leaf != nil && !inSecondHalf(f.leaf, now) {
			continue
		}
		in, err := r.prepare(ctx, f.name, e.OrderID)
		if err == nil {
			err = r.send(ctx, in)
		}
		if err != nil {
			r.fail(f.name, err)
			continue
		}
		sent = append(sent, in)
	}
	for _, f := range files {
		// A day is left for the difference between what the service and the certificate call the last day.
		if left := time.Duration(r.days-1) * 24 * time.Hour; !f.busy && f.leaf != nil && f.leaf.NotAfter.Sub(now) < left && inSecondHalf(f.leaf, now) {
			r.fail(f.name, fmt.Errorf("the certificate ends at %s, and no order of the account has it as its current one: was it renewed, reissued or revoked elsewhere?",
				f.leaf.NotAfter.UTC().Format(time.DateTime)))
		}
	}
	return sent, nil
}

// member is a file NAME.pem of the folder.
type member struct {
	name  string
	leaf  *x509.Certificate // nil if the file is empty
	busy  bool              // this run has done with it, or an earlier one has begun
	order digicert.OrderID  // with which; 0 if that is not known
}

type members []*member

// members reads the files of the folder.
func (r *renewal) members(busy map[string]digicert.OrderID) (list members, err error) {
	files, err := r.files(pemSuffix)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := &member{name: name}
		f.order, f.busy = busy[name]
		if f.leaf, err = readCertificate(files[name]); err != nil {
			f.busy = true
			r.fail(name, err)
		}
		list = append(list, f)
	}
	for name, order := range busy {
		if _, ok := files[name]; !ok {
			list = append(list, &member{name: name, busy: true, order: order})
		}
	}
	return list, nil
}

// of returns the file of a certificate: the one that has it, or else an empty one with its name. Other orders for the same name are none of
// the folder's business.
func (list members) of(e digicert.Expiring) *member {
	serial, ok := new(big.Int).SetString(e.SerialNumber, 16)
	for _, f := range list {
		if ok && f.leaf != nil && f.leaf.SerialNumber.Cmp(serial) == 0 {
			return f
		}
	}
	for _, f := range list {
		if f.leaf == nil && f.name == fileName(e.CommonName) {
			return f
		}
	}
	return nil
}

// add returns a file for a certificate that has none, or nil if there is a file with its name whose certificate lasts longer.
func (list *members) add(path string, e digicert.Expiring) (*member, error) {
	name := fileName(e.CommonName)
	for _, f := range *list {
		if f.name != name {
			continue
		}
		if f.leaf == nil || digicert.DateOf(f.leaf.NotAfter.UTC()).After(e.ValidTill) {
			return nil, nil
		}
		return nil, fmt.Errorf("order %d is for this name, and %s has the certificate of another: renew it by hand", e.OrderID, path)
	}
	f := &member{name: name}
	*list = append(*list, f)
	return f, nil
}

// prepare decides what to do about an order, and writes that to the disk.
func (r *renewal) prepare(ctx context.Context, name string, id digicert.OrderID) (*intent, error) {
	order, err := r.client.Orders.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	action, err := decide(order)
	if err != nil {
		return nil, err
	}
	in, err := newIntent(name, action, order)
	if err != nil {
		return nil, err
	}
	in.dir, in.Service = r.dir, r.service
	return in, in.save()
}

// send places or reissues once.
func (r *renewal) send(ctx context.Context, in *intent) error {
	if in.Taken != 0 {
		return nil
	}
	var err error
	if in.Action == actionRenew {
		params := in.Order
		params.SkipApproval, params.SentBefore = r.skipApproval, in.restarted
		var placed *digicert.PlacedOrder
		if placed, err = r.client.Orders.Place(ctx, in.Product, &params); err == nil {
			in.Taken = placed.ID // its certificate may be another one by the time it is issued
		}
	} else {
		var issuance *digicert.Issuance
		if issuance, err = r.client.Reissues.Create(ctx, in.OrderID, &digicert.CreateReissueParams{
			Certificate: in.Order.Certificate, SkipApproval: r.skipApproval, Since: in.Since, SentBefore: in.restarted,
		}); err == nil {
			in.Taken, in.CertificateID = issuance.OrderID, issuance.CertificateID
		}
	}
	if err != nil {
		if !in.restarted && refused(err) {
			return errors.Join(err, in.remove()) // the next run decides again
		}
		return err
	}
	return in.save()
}

// refused reports whether it is certain that the service did not take what was sent.
func refused(err error) bool {
	var answer *digicert.Error
	var param *digicert.ParamError
	return !errors.Is(err, digicert.ErrOutcomeUnknown) && (errors.As(err, &answer) || errors.As(err, &param))
}

// finish waits for certificates, all at the same time, and replaces their files.
func (r *renewal) finish(ctx context.Context, sent []*intent) {
	wait, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	var wg sync.WaitGroup
	for _, in := range sent {
		wg.Go(func() {
			params := &digicert.WaitParams{Interval: r.poll}
			if in.Action == actionReissue {
				params.CSR = in.Order.Certificate.CSR
			}
			order, err := r.client.Orders.WaitIssued(wait, in.Taken, params)
			var ended *digicert.NotIssuedError
			switch {
			case err == nil:
				err = r.replace(ctx, in, order)
			case errors.As(err, &ended) && ended.Err == nil: // rejected, or the like
				err = errors.Join(err, in.reject())
			case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
				r.print(in.Name, fmt.Sprintf("pending: order %d is not issued yet; the next run goes on", in.Taken))
				return
			}
			if err != nil {
				r.fail(in.Name, err)
			}
		})
	}
	wg.Wait()
}

// replace writes the file of an intent that is issued.
func (r *renewal) replace(ctx context.Context, in *intent, order *digicert.Order) error {
	chain, err := r.fetch(ctx, in, order)
	if err != nil {
		return err
	}
	if err := writeWhole(r.path(in.Name), encode(chain, in.Key)); err != nil {
		return err
	}
	if err := in.remove(); err != nil {
		return err
	}
	what := fmt.Sprintf("order %d is reissued", in.OrderID)
	if in.Action == actionRenew {
		what = fmt.Sprintf("order %d is renewed by order %d", in.OrderID, in.Taken)
	}
	r.print(in.Name, fmt.Sprintf("%s, valid till %s", what, chain[0].NotAfter.UTC().Format(time.DateOnly)))
	return nil
}

// print writes the line of a certificate.
func (r *renewal) print(name, line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.out, "%s: %s\n", name, strings.ReplaceAll(line, "\n", "; "))
}

func (r *renewal) fail(name string, err error) {
	r.print(name, "failed: "+err.Error())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed++
}
