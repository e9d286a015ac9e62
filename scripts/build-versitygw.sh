#!/usr/bin/env bash
# Builds the object store that the tests of the S3 connector run against, once, and prints the path of the program.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
exec "$root/scripts/cached-build.sh" "$root/tools/versitygw" github.com/versity/versitygw/cmd/versitygw versitygw \
	"building the object store of the tests once; this takes a minute or two"
