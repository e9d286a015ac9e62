#!/usr/bin/env bash
# Runs go test with the given arguments and prints failures, skipped tests with their reasons, and go test's own closing
# lines last. The exit status is go test's. With --race as the first argument it uses the race detector if there is a C
# compiler for it, and otherwise says so.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
if [ "${1:-}" = --race ]; then
	shift
	if [ "$(go env CGO_ENABLED)" = 1 ]; then
		set -- -race "$@"
	else
		echo "test: SKIPPED the race detector: there is no C compiler here, or CGO_ENABLED is 0"
	fi
fi
report=$("$root/scripts/cached-build.sh" "$root/tools/testreport" . testreport)
go test -json "$@" | "$report"
