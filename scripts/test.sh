#!/usr/bin/env bash
# Runs go test with the given arguments and prints failures, skipped tests with their reasons, and go test's own closing
# lines last. The exit status is go test's. With --race as the first argument it uses the race detector if there is a C
# compiler for it, and otherwise says so.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
# A busy machine may hold up a workflow's goroutine for longer than the second after which Temporal's SDK takes it for a deadlock.
export TEMPORAL_DEBUG=1
if [ "${1:-}" = --race ]; then
	shift
	# The detector otherwise waits a whole second at the end of each package, for goroutines that go on when all tests have ended.
	export GORACE="atexit_sleep_ms=100 ${GORACE:-}"
	compiler=${HABEAS_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/habeas}/compiler/cc # where scripts/setup.sh unpacks one for an ordinary user
	if ! command -v "$(go env CC)" >/dev/null && [ -x "$compiler" ]; then
		export CC=$compiler CGO_ENABLED=${CGO_ENABLED:-1}
	fi
	if [ "$(go env CGO_ENABLED)" = 1 ]; then
		set -- -race "$@"
	else
		echo "test: SKIPPED the race detector: there is no C compiler here, or CGO_ENABLED is 0"
	fi
fi
report=$("$root/scripts/cached-build.sh" "$root/tools/testreport" . testreport)
go test -json "$@" | "$report"
