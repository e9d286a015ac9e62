#!/usr/bin/env bash
# Installs what Habeas' tests and demo need and this machine lacks:
#
#   scripts/setup.sh            PostgreSQL (server and contrib)
#   scripts/setup.sh mariadb    MariaDB's server, for the tests of its connector; without it they are skipped and say so
#   scripts/setup.sh compiler   a C compiler, for the race detector; without it tests run without the detector and say so
#   scripts/setup.sh browser    Chromium, for the browser tests; without it they are skipped and say so
#   scripts/setup.sh slapd      OpenLDAP's server, for the tests of the LDAP connector; without it they are skipped and say so
#   scripts/setup.sh web        axe-core and html-validate (which needs node), for the tests of pages; without them they are skipped and say so
#   scripts/setup.sh redis      Redis, for the tests of its connector; without it they are skipped and say so
#
# Root installs Debian packages, as does a user whose sudo asks for no password. Everybody else gets the packages unpacked
# into the cache directory, and nothing outside of it is touched. A second run finds everything in place and ends at once.
set -euo pipefail

cache=${HABEAS_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/habeas}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

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

# as_root is the prefix of a command that needs root's rights; empty for root, and missing for who cannot have them.
may_install() {
	if [ "$(id -u)" = 0 ]; then
		as_root=()
	elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		as_root=(sudo -n --preserve-env=DEBIAN_FRONTEND)
	else
		return 1
	fi
}

install_packages() {
	local command=("${as_root[@]}" apt-get install --yes --quiet --no-install-recommends
		-o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=120 "$@")
	if "${command[@]}" >"$log" 2>&1; then
		return 0
	fi
	say "package lists are missing or old: updating them"
	if "${as_root[@]}" apt-get update --quiet -o DPkg::Lock::Timeout=120 >"$log" 2>&1 && "${command[@]}" >"$log" 2>&1; then
		return 0
	fi
	tail -n 15 "$log" >&2
	return 1
}

# without_main_cluster keeps Debian from making and starting a cluster on port 5432, which nobody asked for. A
# configuration that is there already, and its clusters, are somebody's, and stay as they are.
without_main_cluster() {
	local file=/etc/postgresql-common/createcluster.conf
	[ ! -e "$file" ] || return 0
	"${as_root[@]}" mkdir -p "${file%/*}"
	echo "create_main_cluster = false" | "${as_root[@]}" tee "$file" >/dev/null
}

# unpack_packages fetches packages and those of their dependencies that are not installed and match the pattern, and
# unpacks them below a directory, all with the rights of an ordinary user. Further arguments are packages that are wanted there in any case.
unpack_packages() {
	local target=$1 pattern=$2 package=$3 apt=$cache/apt list
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
	local options=(-q -o "Dir::State=$apt/state" -o "Dir::Cache=$apt/cache" -o Dir::State::status=/var/lib/dpkg/status
		-o Debug::NoLocking=1 -o "APT::Sandbox::User=$(id -un)" -o "APT::Update::Post-Invoke=" -o "DPkg::Post-Invoke=")
	say "fetching package lists into $apt"
	if ! apt-get "${options[@]}" update >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		return 1
	fi
	if ! list=$(apt-get "${options[@]}" --simulate --no-install-recommends install "$package" 2>"$log"); then
		tail -n 15 "$log" >&2
		return 1
	fi
	list=$(echo "$list" | awk '$1 == "Inst" { print $2 }' | grep -E "$pattern" || :)
	if [ -z "$list" ]; then
		# Installed, yet not found: the package itself is wanted in any case.
		list=$(apt-cache "${options[@]}" depends "$package" | awk '$1 == "Depends:" { print $2 }' | grep -E "^postgresql-[0-9]+$" || echo "$package")
	fi
	# shellcheck disable=SC2086 # a list of words
	list=$(printf '%s\n' $list "${@:4}" | sort -u)
	say "unpacking $(echo "$list" | wc -w) packages into $target"
	# shellcheck disable=SC2086 # a list of words
	if ! (cd "$apt/debs" && rm -f ./*.deb && apt-get "${options[@]}" download $list >"$log" 2>&1); then
		tail -n 15 "$log" >&2
		return 1
	fi
	rm -rf "$target.part"
	mkdir -p "$target.part"
	local deb
	for deb in "$apt"/debs/*.deb; do
		dpkg-deb --extract "$deb" "$target.part"
	done
	rm -rf "$target" "$apt"
	mv "$target.part" "$target"
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
	! command -v "$(go env CC)" >/dev/null || return 0
	if ! command -v apt-get >/dev/null || ! may_install; then
		say "no C compiler, and no right to install one: tests will run without the race detector"
		return 0
	fi
	say "installing a C compiler for the race detector"
	install_packages gcc libc6-dev || say "no C compiler could be installed: tests will run without the race detector"
}

browser() {
	! has_browser || return 0
	if ! command -v apt-get >/dev/null || ! may_install; then
		say "no Chromium, and no right to install it: browser tests will be skipped"
		return 0
	fi
	say "installing Chromium for the browser tests"
	if ! install_packages chromium-headless-shell && ! install_packages chromium; then
		say "Chromium could not be installed: browser tests will be skipped"
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
	if [ -x "/usr/$program" ] || [ -x "$cache/$package/usr/$program" ]; then
		return 0
	fi
	if ! command -v apt-get >/dev/null; then
		say "no apt-get here, and no $package: the tests of $tests will be skipped"
	elif may_install; then
		say "installing $package for the tests of $tests"
		without_services install_packages "$package" || say "$package could not be installed: the tests of $tests will be skipped"
	else
		say "no right to install packages: unpacking $package into $cache"
		unpack_packages "$cache/$package" "$pattern" "$package" "${@:5}" || say "$package could not be unpacked: the tests of $tests will be skipped"
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

# web fetches what pages are checked with, in the versions and with the digests of tools/web/package-lock.json. No script of a package is run.
web() {
	local source target=$cache/web
	source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../tools/web" && pwd)
	if cmp -s "$source/package-lock.json" "$target/package-lock.json" && [ -d "$target/node_modules" ]; then
		return 0
	fi
	if ! command -v npm >/dev/null; then
		if ! command -v apt-get >/dev/null || ! may_install || ! install_packages nodejs npm; then
			say "no npm, and no right to install it: pages will not be checked with axe-core and html-validate"
			return 0
		fi
	fi
	say "fetching axe-core and html-validate into $target"
	rm -rf "$target.part"
	mkdir -p "$target.part"
	cp "$source/package.json" "$source/package-lock.json" "$target.part"
	if ! (cd "$target.part" && npm ci --ignore-scripts --no-audit --no-fund >"$log" 2>&1); then
		tail -n 15 "$log" >&2
		say "they could not be fetched: pages will not be checked with axe-core and html-validate"
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
