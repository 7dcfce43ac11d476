// Colours of cells.

package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// The colours of cells.
const (
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	red    = "\x1b[31m"
	plain  = "\x1b[0m"
)

var statusColors = map[string]string{
	string(digicert.OrderStatusIssued): green, string(digicert.OrderStatusApproved): green, "active": green, "valid": green,
	string(digicert.OrderStatusRejected): red, string(digicert.OrderStatusRevoked): red, string(digicert.OrderStatusCanceled): red,
	string(digicert.OrderStatusDenied): red, string(digicert.OrderStatusExpired): red,
	string(digicert.OrderStatusPending): yellow, string(digicert.OrderStatusReissuePending): yellow, string(digicert.OrderStatusNeedsApproval): yellow,
	string(digicert.OrderStatusNeedsCSR): yellow, string(digicert.OrderStatusProcessing): yellow, string(digicert.OrderStatusReissueProcessing): yellow,
	string(digicert.OrderStatusWaitingPickup): yellow, "submitted": yellow,
}

// What expires within these days is coloured.
const soonDays, verySoonDays = 30, 7

// cellColor returns the colour of a cell: that of a status, or of a day on which something expires soon. "" is none.
func cellColor(column, text string, today digicert.Date) string {
	left := 0
	switch name := column[strings.LastIndex(column, ".")+1:]; name {
	case "status":
		return statusColors[text]
	case "days_left", "days_remaining":
		if _, err := fmt.Sscan(text, &left); err != nil {
			return ""
		}
	case "valid_till", "validated_until", "ov", "ev":
		text, _, _ = strings.Cut(text, "T") // a time, in UTC
		day, err := digicert.ParseDate(text)
		if err != nil {
			return ""
		}
		left = int(day.In(time.UTC).Sub(today.In(time.UTC)) / (24 * time.Hour))
	default:
		return ""
	}
	switch {
	case left <= verySoonDays:
		return red
	case left <= soonDays:
		return yellow
	}
	return ""
}

// useColor reports whether text on f may have colours.
func useColor(f *os.File) bool {
	return isTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
