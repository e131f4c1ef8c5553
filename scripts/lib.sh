# Shared by the scripts next to it, which source it: needs, environment, messages.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
cd "$root"

# Debian packages, one per line: the package, then a command that succeeds when it is not needed.
# A package that only tests need (a browser, a font, wrk …) is one more line in test_needs.
serve_needs='
python3       command -v python3
python3-venv  python3 -c "import ensurepip, venv"
'
test_needs=$serve_needs'
curl          command -v curl
openjdk-17-jre-headless  command -v java
chromium      command -v chromium
libatomic1    /sbin/ldconfig -p | grep -q libatomic.so.1
fontconfig    command -v fc-list
fonts-wqy-microhei  fc-list | grep -qi wqy
'

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$@"
    exit 1
}

# Installs what of the given needs is missing; says what to do where it must not.
need() {
    local package proof as_root=()
    local missing=()
    while read -r package proof; do
        [[ -z $package ]] || bash -c "$proof" >/dev/null 2>&1 || missing+=("$package")
    done <<<"$1"
    ((${#missing[@]})) || return 0
    ((EUID == 0)) || as_root=(sudo)
    if ! command -v apt-get >/dev/null || ! command -v "${as_root[@]:-env}" >/dev/null; then
        die "Please install as root: apt-get install ${missing[*]} (or your system's equivalent)."
    fi
    say "Installing Debian packages: ${missing[*]}"
    "${as_root[@]}" apt-get -qq update || true # the lists may be fresh enough without it
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install -y --no-install-recommends "${missing[@]}" >&2 ||
        die "apt-get could not install ${missing[*]}: please install it, then start this again."
}

# What an environment was made of: locks, entry points, and where it stands.
fingerprint() { cat "$@" pyproject.toml <(printf '%s' "$root") | sha256sum | cut -d ' ' -f 1; }

is_current() { [[ -x $venv/bin/python && $(cat "$venv/$1.stamp" 2>/dev/null) == "$2" ]]; }

# Whether .venv runs, and was made here rather than copied from elsewhere with its old paths.
is_sound() {
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 && grep -qsF "$venv/bin/" "$venv/bin/pip"
}

# Makes .venv hold what is locked: `runtime` to serve, `dev` to test. Does nothing when it does.
ensure_venv() {
    local kind=$1 runtime dev wanted
    runtime=$(fingerprint requirements.lock requirements-build.lock)
    dev=$(fingerprint requirements-dev.lock)
    wanted=${!kind}
    # Two scripts may start at once: the second waits. The lock ends with the subshell.
    (
        if command -v flock >/dev/null; then flock 9; fi
        if is_current dev "$dev" || is_current "$kind" "$wanted"; then exit 0; fi
        python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
            die "Python 3.11 or newer is needed; python3 is $(python3 --version 2>&1)."
        say "Installing the $kind environment into .venv …"
        rm -f "$venv"/*.stamp
        is_sound || python3 -m venv --clear "$venv"
        if [[ $kind == dev ]]; then
            pip_install --require-hashes -r requirements-dev.lock
        else
            pip_install --require-hashes -r requirements.lock -r requirements-build.lock
        fi
        pip_install --no-deps --no-build-isolation -e .
        # The wheel's copy of policies.yaml would go stale: the file in the repository is the law.
        rm -rf "$venv"/lib/python3*/site-packages/service
        printf '%s\n' "$wanted" >"$venv/$kind.stamp"
    ) 9>"$root/.venv.lock"
}

pip_install() { "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-input "$@" >&2; }
