# shellcheck shell=bash disable=SC2154 # the script that reads this one in sets cache and log, and has say
# How scripts/setup.sh gets Debian packages: installed for who may install them, and unpacked into the cache directory for everybody else.

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

# unpack_packages DIRECTORY PATTERN PACKAGES [PACKAGE...] fetches packages and those of their dependencies that are not installed and match the
# pattern, and unpacks them below a directory, all with the rights of an ordinary user. Further arguments are packages that are wanted there in any
# case.
unpack_packages() {
	local target=$1 pattern=$2 packages=$3 apt=$cache/apt list
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
	local options=(-q -o "Dir::State=$apt/state" -o "Dir::Cache=$apt/cache" -o Dir::State::status=/var/lib/dpkg/status
		-o Debug::NoLocking=1 -o "APT::Sandbox::User=$(id -un)" -o "APT::Update::Post-Invoke=" -o "DPkg::Post-Invoke=")
	say "fetching package lists into $apt"
	if ! apt-get "${options[@]}" update >"$log" 2>&1; then
		tail -n 15 "$log" >&2
		return 1
	fi
	# shellcheck disable=SC2086 # a list of words
	if ! list=$(apt-get "${options[@]}" --simulate --no-install-recommends install $packages 2>"$log"); then
		tail -n 15 "$log" >&2
		return 1
	fi
	list=$(echo "$list" | awk '$1 == "Inst" { print $2 }' | grep -E "$pattern" || :)
	if [ -z "$list" ]; then
		# Installed, yet not found: the package itself is wanted in any case.
		# shellcheck disable=SC2086 # a list of words
		list=$(apt-cache "${options[@]}" depends $packages | awk '$1 == "Depends:" { print $2 }' | grep -E "^postgresql-[0-9]+$" || echo "$packages")
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

# libraries_below lists the directories with shared libraries below a directory, as LD_LIBRARY_PATH wants them.
libraries_below() {
	find "$1" -name '*.so*' -printf '%h\n' | grep -v /dri$ | sort -u | paste -sd:
}

# runner DIRECTORY LINE... writes the program run for sh into a directory that packages were unpacked into. It finds their libraries.
runner() {
	program "$1/run" "export LD_LIBRARY_PATH='$(libraries_below "$1")'" "${@:2}"
}

# program FILE LINE... writes a program for sh.
program() {
	printf '%s\n' '#!/bin/sh' "${@:2}" >"$1.part"
	chmod +x "$1.part"
	mv "$1.part" "$1"
}
