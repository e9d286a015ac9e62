#!/usr/bin/env bash
# Runs one of the development tools of tools/go.mod, built once into the cache directory:
#
#   scripts/tool.sh golangci-lint run ./...
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
name=$1
shift
package=$(sed -n "s#^\(tool\)\{0,1\}[[:space:]]*\([a-zA-Z0-9./_-]*/$name\)\$#\2#p" "$root/tools/go.mod")
if [ -z "$package" ]; then
	echo "tool.sh: tools/go.mod has no tool $name" >&2
	exit 2
fi
program=$("$root/scripts/cached-build.sh" "$root/tools" "$package" "$name")
exec "$program" "$@"
