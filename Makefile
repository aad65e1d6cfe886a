# `make run` is the way in for people, `make test` for changes.
.PHONY: run test test-interop

run:
	@scripts/run

test:
	@scripts/test

test-interop:
	@scripts/test-interop
