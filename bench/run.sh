#!/usr/bin/env bash
# Runs the benchmarks: intake and workflow starts beside the raw rates of the same servers, then the rules on one core; and, when asked for,
# the erasure and export of a million rows beside an expert's SQL, or the console with very many open requests.
# Usage: bench/run.sh [all|intake|rows|inbox|rules|others] [flags of habeas-bench, such as --rounds 9 --for 5s --rows 100000 --profile FILE]
set -euo pipefail
cd "$(dirname "$0")/.."
part=all
case "${1:-}" in all | intake | rows | inbox | rules | others) part=$1 && shift ;; esac

# What is measured in Go's own way runs on one core, and says what a second of processor time would do beside what the clock saw,
# since others may use the machine meanwhile.
benchmarks() {
	GOMAXPROCS=1 go test -run '^$' -benchmem -count "${COUNT:-3}" "$@" | grep -v '^ok\|^PASS'
}

program() {
	mkdir -p bin
	echo "Revision $(git describe --always --dirty 2>/dev/null || echo unknown)"
	go build -buildvcs=false -o bin/ ./cmd/habeas-bench
	bin/habeas-bench "$@"
}

if [ "$part" = all ] || [ "$part" = intake ]; then
	program intake "$@"
fi
if [ "$part" = rows ]; then
	program rows "$@"
fi
if [ "$part" = inbox ]; then
	program inbox "$@"
fi
if [ "$part" = all ] || [ "$part" = rules ]; then
	echo
	echo "Rules, on one core (load $(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown)):"
	benchmarks -bench . ./models/rules ./models/calendar ./cmd/internal/rulescli
fi
if [ "$part" = others ]; then
	benchmarks -bench . ./models/store/... ./activities/walk ./templates/report ./api
fi
