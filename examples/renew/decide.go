package main

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/go-digicert/digicert"
)

// action is what is done about a certificate that expires.
type action string

const (
	actionReissue action = "reissue"
	actionRenew   action = "renew"
)

// gain is by how many days at least a reissue must outlast the certificate that it replaces.
const gain = 30

// decide returns whether an order is to be reissued or renewed. A reissue costs nothing more, but ends with its order.
func decide(order *digicert.Order) (action, error) {
	const itself = "order %d has %s set: the service acts on it by itself, and acting too could cost twice"
	switch {
	case order.Status != digicert.OrderStatusIssued:
		return "", fmt.Errorf("order %d is %s: somebody else is at work", order.ID, order.Status)
	case order.Certificate.ValidTill.IsZero() || order.OrderValidTill.IsZero():
		return "", fmt.Errorf("the service does not say how long order %d is valid", order.ID)
	case order.OrderValidTill.Before(order.Certificate.ValidTill.AddDays(gain)):
		if order.AutoRenew != 0 {
			return "", fmt.Errorf(itself, order.ID, "auto_renew")
		}
		return actionRenew, nil
	case order.AutoReissue != 0:
		return "", fmt.Errorf(itself, order.ID, "auto_reissue")
	}
	return actionReissue, nil
}

// inSecondHalf reports whether at least half of a certificate's time is over. Before that it is not replaced, however many days are
// asked for: if all certificates were that short, every run would replace every one of them.
func inSecondHalf(c *x509.Certificate, now time.Time) bool {
	return c.NotAfter.Sub(now) <= c.NotAfter.Sub(c.NotBefore)/2
}
