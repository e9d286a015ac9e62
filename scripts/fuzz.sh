#!/usr/bin/env bash
# Runs each fuzz test of the module for the given time, such as 30s or 5m.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
found=0
while IFS=: read -r file line; do
	name=$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' <<<"$line")
	found=$((found + 1))
	echo "fuzz: $name in ${file%/*} for $time"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./${file%/*}"
done < <(git ls-files -co --exclude-standard '*_test.go' | xargs -r grep -E '^func Fuzz[A-Za-z0-9_]*\(' /dev/null)
echo "fuzz: $found tests"
