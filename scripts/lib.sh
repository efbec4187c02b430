# shellcheck shell=bash
# Shared by the scripts in this folder; sourced, never run. Needs bash, coreutils and dpkg only.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/build
LOGS=$BUILD/logs
mkdir -p "$LOGS"
export HOME=${HOME:-$BUILD/home}
export LC_ALL=C.UTF-8

# Two build folders that compile the same file with the same flags share one entry of the cache.
export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$ROOT CCACHE_SLOPPINESS=pch_defines,time_macros
export NINJA_STATUS='[%f/%t, %es] '

say() { printf '==> %s\n' "$*"; }
warn() { printf '==> %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# How many compilers at once: one a core, but a translation unit with Beast in it takes up to 1.5 GB.
jobs_for_memory() {
    local cores by_memory
    cores=$(nproc)
    by_memory=$(awk '/^MemAvailable:/ { n = int($2 / 1500000); print (n < 1) ? 1 : n }' /proc/meminfo)
    echo $((cores < by_memory ? cores : by_memory))
}

# Runs a command as root; may_become_root has been asked before.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Without a terminal sudo must not ask for a password, or it would wait for ever.
may_become_root() {
    [ "$(id -u)" != 0 ] || return 0
    command -v sudo >/dev/null || die "packages are missing and there is no sudo. As root, run: apt-get install $*"
    say "installing packages needs root: sudo may ask for your password"
    if [ -t 0 ]; then sudo -v; else sudo -n true 2>/dev/null; fi ||
        die "sudo does not let us in. As root, run: apt-get install $*"
}

missing_packages() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

# Some packages would start a service of their own when they are installed; we only want the program.
hold_services() {
    [ -e /usr/sbin/policy-rc.d ] && return
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
}

# Installs those of the named Debian packages that are missing. Without any it makes no call of apt at all.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "there is no apt-get here. Install these yourself: ${missing[*]}"
    may_become_root "${missing[@]}"
    say "installing ${#missing[@]} packages: ${missing[*]}"
    local log=$LOGS/apt.log options=(-q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    case " ${missing[*]} " in *" nginx "*) hold_services ;; esac
    if ! { as_root apt-get "${options[@]}" update && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get "${options[@]}" install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        die "apt-get failed; the whole output is in ${log#"$ROOT"/}. This needs Debian 12 (bookworm) and its mirrors."
    fi
}

# True when a node that can build the pages (18 or newer) and its npm are on the PATH.
have_node() {
    local version
    command -v npm >/dev/null || return 1
    version=$(node --version 2>/dev/null) || return 1
    version=${version#v}
    [ "${version%%.*}" -ge 18 ] 2>/dev/null
}

install_node() {
    have_node && return
    install_packages nodejs npm
    have_node || export PATH=/usr/bin:$PATH  # an old node elsewhere on the PATH hides Debian's
    have_node || die "node 18 or newer with npm is needed, found: $(command -v node || echo none)"
}

# sum_of PATH...: one sum over the names and contents of all files under the paths.
sum_of() { find "$@" -type f -print0 2>/dev/null | sort -z | xargs -0r sha256sum | sha256sum | cut -d' ' -f1; }

# npm_ci FOLDER: installs what its lock file says, when that changed since the last time.
npm_ci() {
    local folder=$1 stamp sum
    stamp=$ROOT/$folder/node_modules/.installed
    sum=$(cd "$ROOT/$folder" && { node --version && cat package.json package-lock.json; } | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && return
    say "installing npm packages of $folder/"
    if ! (cd "$ROOT/$folder" && npm ci --no-audit --no-fund --loglevel=error) >"$LOGS/npm-${folder//\//-}.log" 2>&1 </dev/null; then
        tail -n 30 "$LOGS/npm-${folder//\//-}.log" >&2
        die "npm ci failed in $folder/. Is the npm registry reachable from here?"
    fi
    echo "$sum" >"$stamp"
}

# Builds the pages when anything that they are made of changed.
build_pages() {
    local stamp=$BUILD/pages.sum sum sources=() file
    [ -f "$ROOT/web/package.json" ] || return 0
    npm_ci web
    for file in "$ROOT"/web/*; do
        case ${file##*/} in node_modules | dist | coverage) ;; *) sources+=("$file") ;; esac
    done
    sum=$(sum_of "${sources[@]}")
    [ -d "$ROOT/web/dist" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && return
    say "building the pages"
    if ! (cd "$ROOT/web" && npm run build) >"$LOGS/pages.log" 2>&1 </dev/null; then
        tail -n 30 "$LOGS/pages.log" >&2
        die "the pages do not build; see build/logs/pages.log"
    fi
    echo "$sum" >"$stamp"
}

# compile PRESET [TARGET...]: configures build/PRESET and builds the targets, or everything.
compile() {
    local preset=$1 jobs
    shift
    jobs=$(jobs_for_memory)
    (cd "$ROOT" && cmake --preset "$preset") >"$LOGS/configure-$preset.log" 2>&1 </dev/null || {
        tail -n 30 "$LOGS/configure-$preset.log" >&2
        die "cmake --preset $preset failed; see build/logs/configure-$preset.log"
    }
    say "compiling build/$preset with $jobs at a time${*:+: $*}"
    ninja -C "$BUILD/$preset" -j "$jobs" "$@" </dev/null
}
