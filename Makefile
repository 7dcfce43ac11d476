.PHONY: ci bench soak

# Everything that a change must pass.
ci:
	bash .ci/run

# The bounds of listings, measured on both Go releases. Fails if a bound is missed on either.
GO126 ?= go1.26.8
GO127 ?= go1.27.4
bench:
	@failed=0; for go in $(GO126) $(GO127); do GOTOOLCHAIN=$$go go run ./bench || failed=1; done; exit $$failed

# The randomised tests with random seeds, again and again, for SOAK minutes.
SOAK ?= 10
soak:
	SOAK=$(SOAK) bash .ci/soak
