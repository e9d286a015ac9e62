#!/usr/bin/env bash
# Builds one program of a module once, into the cache directory, and prints its path. The file's name carries a hash of
# the module's go.mod, go.sum and sources and of the Go version, so that a change of any of them builds anew.
#
#   scripts/cached-build.sh MODULE_DIR PACKAGE NAME [MESSAGE]
#
# With HABEAS_CACHED_ONLY set it builds nothing, and fails with status 3 when the program is not there.
# Everything but the path goes to standard error. Several builds of the same program at once wait for each other.
set -euo pipefail

module=$1 package=$2 name=$3 message=${4:-"building $name once"}
cache=${HABEAS_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/habeas}
export GOWORK=off

cd "$module"
shopt -s nullglob
key=$({ go env GOVERSION GOOS GOARCH; echo "$package"; sha256sum go.mod go.su[m] ./*.go; } | sha256sum | cut -c1-16)
target=$cache/bin/$name-$key

if [ -x "$target" ]; then
	touch -c "$target" 2>/dev/null || : # marks it as used; a shared cache may be read-only
	echo "$target"
	exit 0
fi

if [ -n "${HABEAS_CACHED_ONLY:-}" ]; then
	echo "$name: not built yet" >&2
	exit 3
fi

mkdir -p "$cache/bin"
if command -v flock >/dev/null; then
	exec 9>"$cache/bin/$name.lock"
	if ! flock --nonblock 9; then
		echo "$name: waiting for another build of it" >&2
		flock 9
	fi
	if [ -x "$target" ]; then
		echo "$target"
		exit 0
	fi
fi

echo "$name: $message" >&2
log=$(mktemp "$cache/bin/.$name-log.XXXXXX")
part=$(mktemp "$cache/bin/.$name-part.XXXXXX")
build=
cleanup() {
	[ -z "$build" ] || kill "$build" 2>/dev/null || :
	rm -f "$log" "$part"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

started=$SECONDS
go build -v -buildvcs=false -trimpath -ldflags "-s -w" -o "$part" "$package" >"$log" 2>&1 9>&- &
build=$!
reported=$SECONDS
while kill -0 "$build" 2>/dev/null; do
	sleep 0.2
	if [ $((SECONDS - reported)) -ge 10 ]; then
		reported=$SECONDS
		echo "$name: $((SECONDS - started)) s, $(grep -cv '^go: ' "$log" || :) packages compiled, $(grep -c '^go: downloading' "$log" || :) modules downloaded" >&2
	fi
done
if ! wait "$build"; then
	build=
	echo "$name: the build failed:" >&2
	grep -v '^[a-zA-Z0-9./_-]*$' "$log" | tail -n 40 >&2 || tail -n 40 "$log" >&2
	exit 1
fi
build=
chmod 755 "$part"
mv -f "$part" "$target"
# Programs of older versions that nobody used for two weeks.
find "$cache/bin" -maxdepth 1 -name "$name-*" -mtime +14 -delete
echo "$name: built in $((SECONDS - started)) s" >&2
echo "$target"
