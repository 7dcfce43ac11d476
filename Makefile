# The table of what listings must hold, measured: exits with 1 where a bound is missed.
.PHONY: bench
bench:
	go run ./bench
