#!/usr/bin/env bash
# Runs every check of this repository, or those steps that its arguments name
# (./test.sh tests "fuzz targets"). With CI=true nothing may be skipped, no result is
# taken from the cache, and fuzzing takes longer.
set -euo pipefail
cd "$(dirname "$0")"

CI=${CI:-false}
export CI
export HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
PATH=${PATH:-/usr/bin:/bin}:/usr/local/go/bin
export PATH
# A clone that belongs to somebody else cannot be asked for its revision.
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"
# Nothing of a server that happens to run here may reach the tests.
unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGSERVICEFILE PGPASSFILE PGSSLMODE

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=()
wanted=("$@")
ran=0

# step NAME COMMAND... announces a step, times it, and remembers whether it failed.
step() {
	local name=$1 start=$SECONDS
	shift
	if [ ${#wanted[@]} -gt 0 ] && ! printf '%s\n' "${wanted[@]}" | grep -qxF "$name"; then
		return 0
	fi
	ran=$((ran + 1))
	printf '\n== %s\n' "$name"
	if "$@"; then
		printf '== %s: done in %ds\n' "$name" $((SECONDS - start))
	else
		printf '== %s: FAILED after %ds\n' "$name" $((SECONDS - start))
		failed+=("$name")
	fi
}

have() { command -v "$1" >/dev/null 2>&1; }

have_postgres() {
	[ -n "${LATCHKEY_TEST_POSTGRES_URL:-}${PG_BIN:-}" ] || have postgres ||
		compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
		compgen -G '/usr/pgsql-*/bin/initdb' >/dev/null ||
		compgen -G '/opt/homebrew/opt/postgresql@*/bin/initdb' >/dev/null
}

have_chromium() {
	[ -n "${CHROMIUM:-}" ] || have chromium || have chromium-browser || have google-chrome
}

# install PACKAGE... tries twice, since mirrors fail now and then.
install() {
	local log=$scratch/apt.log
	for _ in 1 2; do
		if DEBIAN_FRONTEND=noninteractive apt-get update -qq >"$log" 2>&1 &&
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1; then
			return 0
		fi
	done
	tail -n 20 "$log"
	return 1
}

prerequisites() {
	local missing=()
	if ! have go; then
		echo "Go is missing: install the version that go.mod names (https://go.dev/dl/)."
		return 1
	fi
	have_postgres || missing+=(postgresql)
	have_chromium || missing+=(chromium fonts-dejavu-core)
	have pgbouncer || [ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer)
	have nginx || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
	have gcc || missing+=(gcc libc6-dev) # for the race detector
	if [ ${#missing[@]} -eq 0 ]; then
		return 0
	fi
	if [ "$(id -u)" -eq 0 ] && have apt-get; then
		echo "installing ${missing[*]}"
		install "${missing[@]}" && return 0
	fi
	echo "These are missing: ${missing[*]}"
	echo "On Debian or Ubuntu: sudo apt-get install -y --no-install-recommends ${missing[*]}"
	return 1
}

format() {
	local files
	files=$(gofmt -l .)
	[ -z "$files" ] || { printf 'not as gofmt writes it:\n%s\n' "$files"; return 1; }
}

staticcheck() { go tool -modfile=tools/go.mod staticcheck ./...; }

# gosec looks through the product, not through its tests. Two rules are off: G104, since
# every error it finds unhandled is that of closing what failed already, or of a source
# of randomness that cannot fail; G304, since all paths come from the operator who starts
# the program. Any other finding is mended or carries its reason (#nosec RULE -- reason).
gosec() {
	go tool -modfile=tools/go.mod gosec -quiet -exclude=G104,G304 -exclude-dir=test -exclude-dir=zohosim ./...
}

# report reads test results as JSON; go test's own failure counts too (pipefail).
report() { "$scratch/report"; }

unit_tests() {
	local fresh=()
	[ "$CI" = true ] && fresh=(-count=1)
	go build -o "$scratch/report" ./test/report || return 1
	# The suites that run servers share one program.
	go build -o "$scratch/latchkey" ./cmd/latchkey || return 1
	export LATCHKEY_TEST_BINARY="$scratch/latchkey"
	both_kinds ${fresh[@]+"${fresh[@]}"} | report
}

# both_kinds prints the results of all tests as JSON. The suites that start the program
# as others would have nothing of it in their own process that the race detector could
# watch, so only the rest runs under it. The walk over all pages and the crash suites
# take longer than the usual ten minutes on a small machine.
both_kinds() {
	local uses='{{$p := .ImportPath}}{{range .TestImports}}{{if eq . "latchkey/test/fleet"}}{{$p}}{{"\n"}}{{end}}{{end}}{{range .XTestImports}}{{if eq . "latchkey/test/fleet"}}{{$p}}{{"\n"}}{{end}}{{end}}'
	local suites rest status=0
	suites=$(go list -f "$uses" ./... | grep . | sort -u) || return 1
	rest=$(go list ./... | grep -vxF "$suites") || return 1
	# shellcheck disable=SC2086 # names of packages hold no spaces
	{
		CGO_ENABLED=1 go test -json -race -shuffle=on -timeout=45m "$@" $rest || status=1
		go test -json -shuffle=on -timeout=45m "$@" $suites || status=1
	}
	return $status
}

# interop_tests runs the nested module, which keeps a foreign OpenID provider out
# of the product's dependencies.
interop_tests() {
	go -C test/interop vet ./... || return 1
	if [ -n "$(find test/interop -name '*_test.go' -print -quit)" ]; then
		go -C test/interop test -json -count=1 ./... | report
	fi
}

# fuzz_one DIRECTORY TARGET SECONDS fuzzes one target. Minimizing what is merely
# interesting would eat the time that is meant for new inputs, hence the limit on it. Go
# before 1.27 may report the end of the fuzzing time as a failure, without a failing
# input (https://go.dev/issue/75804): only then is the target run once more.
fuzz_one() {
	local log=$scratch/fuzz.log
	for _ in 1 2 3; do
		if go test -run='^$' -fuzz="^$2\$" -fuzztime="$3s" -fuzzminimizetime=10x "./$1" >"$log" 2>&1; then
			return 0
		fi
		if ! grep -q '^    context deadline exceeded$' "$log" || grep -q 'Failing input written' "$log"; then
			break
		fi
	done
	cat "$log"
	return 1
}

# fuzzing gives each fuzz target a few seconds with new inputs, or as many as
# FUZZ_SECONDS says.
fuzzing() {
	local seconds=1 bad=0 file dir name
	[ "$CI" = true ] && seconds=2
	seconds=${FUZZ_SECONDS:-$seconds}
	while IFS=: read -r file name; do
		dir=$(dirname "$file")
		name=${name#func }
		name=${name%%(*}
		if fuzz_one "$dir" "$name" "$seconds"; then
			echo "ok    $dir $name"
		else
			echo "FAIL  $dir $name"
			bad=1
		fi
	done < <(grep -rEo --include='*_test.go' --exclude-dir=interop '^func Fuzz[A-Za-z0-9_]*\(' . | sed 's|^\./||' | sort)
	return $bad
}

step prerequisites prerequisites
[ ${#failed[@]} -eq 0 ] || exit 1
step gofmt format
step vet go vet ./...
step staticcheck staticcheck
step gosec gosec
step "go.mod is tidy" go mod tidy -diff
step tests unit_tests
step "interoperability tests" interop_tests
step "fuzz targets" fuzzing

echo
if [ "$ran" -eq 0 ]; then
	echo "No step is named $(printf '"%s" ' "${wanted[@]}"); they are named at the end of $0."
	exit 2
fi
if [ ${#failed[@]} -gt 0 ]; then
	echo "FAILED: $(printf '%s; ' "${failed[@]}" | sed 's/; $//')   (${SECONDS}s in all)"
	exit 1
fi
echo "All checks passed (${SECONDS}s in all)."
