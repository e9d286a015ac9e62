#!/usr/bin/env bash
# Runs govulncheck against the live database, or, where that cannot be reached, against an offline copy of it
# (HABEAS_VULNDB, a tar.gz of golang/vulndb's data/osv; by default ../shared/vulndb/osv.tar.gz), or says that it could not.
# A known vulnerability in code that is called fails. Arguments are packages; without any, all.
set -euo pipefail
cd "$(dirname "$0")/.."
copy=${HABEAS_VULNDB:-../shared/vulndb/osv.tar.gz}
readonly found=3 # govulncheck's exit status for a vulnerability in called code

[ $# -gt 0 ] || set -- ./...
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
timeout 300 scripts/tool.sh govulncheck "$@" >"$work/out" 2>"$work/err" || status=$?
if [ "$status" = 0 ] || [ "$status" = "$found" ]; then
	cat "$work/out"
	exit "$status"
fi
if [ "$status" != 124 ] && ! grep -qE 'vuln\.go\.dev|dial tcp|no such host|TLS handshake' "$work/err"; then
	cat "$work/out" "$work/err" >&2
	exit "$status"
fi
why=$(tail -n 1 "$work/err")
if [ ! -f "$copy" ]; then
	echo "check: SKIPPED govulncheck: the live database cannot be reached (${why:-no answer}), and there is no copy at $copy"
	exit 0
fi
echo "check: the live vulnerability database cannot be reached; using the copy $copy"
tar -xzf "$copy" -C "$work"
database=$(find "$work" -type d -name osv | head -n 1)
scripts/tool.sh govulncheck -db "file://$database" "$@"
