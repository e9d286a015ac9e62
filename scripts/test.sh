#!/usr/bin/env bash
# Runs go test with the given arguments and prints failures, skipped tests with their reasons, and go test's own closing
# lines last. The exit status is go test's.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
case " $* " in
*" -race "*) ;;
*) echo "test: without the race detector" ;;
esac
report=$("$root/scripts/cached-build.sh" "$root/tools/testreport" . testreport)
go test -json "$@" | "$report"
