// Random choices for generated orders, deterministic for a seed.

package digicerttest

import (
	"math/rand/v2"
	"time"
)

// random makes random choices. It uses each 64-bit number for two choices.
type random struct {
	pcg  rand.PCG
	bits uint64
	left int // unused bits
}

func (d *random) seed(a, b uint64) {
	d.pcg.Seed(a, b)
	d.left = 0
}

// below returns a number from 0 to n-1. n must be less than 2^32.
func (d *random) below(n int) int {
	if d.left < 32 {
		d.bits, d.left = d.pcg.Uint64(), 64
	}
	v := int(d.bits & (1<<32 - 1) * uint64(n) >> 32)
	d.bits >>= 32
	d.left -= 32
	return v
}

// within returns a duration from 0 to most, in whole seconds.
func (d *random) within(most time.Duration) time.Duration {
	return time.Duration(d.pcg.Uint64()%uint64(most/time.Second+1)) * time.Second
}

// appendHex appends n random hexadecimal digits.
func appendHex(b []byte, pcg *rand.PCG, n int) []byte {
	const digits = "0123456789ABCDEF"
	for i := 0; i < n; i += 16 {
		v := pcg.Uint64()
		for range min(16, n-i) {
			b = append(b, digits[v&15])
			v >>= 4
		}
	}
	return b
}

// hexOf returns n hexadecimal digits derived from an id.
func hexOf(id uint64, n int) string {
	return string(appendHex(nil, rand.NewPCG(id, uint64(n)), n))
}
