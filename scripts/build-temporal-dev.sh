#!/usr/bin/env bash
# Builds the development Temporal server once and prints the path of the program.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
exec "$root/scripts/cached-build.sh" "$root/tools/temporal-dev" . temporal-dev \
	"building the Temporal server once; this takes minutes on two cores (about 1750 packages, 2 GB of build cache)"
