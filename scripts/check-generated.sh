#!/usr/bin/env bash
# Runs go generate and fails if that changed any file. It compares contents, not with the last commit, so that it can be
# used in the middle of a change.
set -euo pipefail
cd "$(dirname "$0")/.."
snapshot() {
	git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do
		if [ -f "$file" ]; then printf '%s\0' "$file"; fi
	done | xargs -0 sha256sum
}
before=$(mktemp) after=$(mktemp)
trap 'rm -f "$before" "$after"' EXIT
snapshot >"$before"
go generate ./...
snapshot >"$after"
if ! changed=$(diff "$before" "$after"); then
	echo "check: go generate changed these files; look at them and commit them:" >&2
	awk '/^[<>]/ { print "  " $3 }' <<<"$changed" | sort -u >&2
	exit 1
fi
