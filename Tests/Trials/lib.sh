# What the trials share: source it. Needs the built program (`swift build -c release --product assay`), bash and
# Debian's base system; everything happens in a folder of its own under ${TMPDIR:-/tmp}, which is removed at the end.

set -u
trials=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
assay=${ASSAY:-$trials/../../.build/release/assay}
[ -x "$assay" ] || { echo "no program at $assay: build it, or name it with ASSAY=" >&2; exit 2; }
assay=$(readlink -f "$assay")
work=$(mktemp -d "${TMPDIR:-/tmp}/assay-trial-XXXXXX")
mounted=()
trap 'for m in "${mounted[@]}"; do umount "$m" 2>/dev/null; done; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"
RANDOM=${SEED:-1}
failures=0

ok() { printf 'ok    %s\n' "$1"; }
bad() { printf 'FAIL  %s\n' "$1"; failures=$((failures + 1)); }
skip() { printf 'skip  %s\n' "$1"; }

# check NAME COMMAND...: whether a command succeeds.
check() {
  local name=$1
  shift
  if "$@"; then ok "$name"; else bad "$name"; fi
}

# same NAME WANTED GOT
same() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: wanted $2, got $3"; fi; }

# has NAME FILE WORDS: whether a file holds some words.
has() { if grep -qF -- "$3" "$2"; then ok "$1"; else bad "$1: no '$3' in: $(head -c 400 "$2")"; fi; }

# What must not depend on when, how quickly or in how many goes parts were judged.
decisions() {
  sed -E '/^\{"log":/d; s/"timestamp":"[^"]*"//; s/"timings_ms":\{[^}]*\}//; s/,"line":.*//' "$1"
}

# How many decisions a log holds, whole ones.
count_decisions() { grep -c '^{"id":.*}$' "$1"; }

# Sleeps a random time up to so many milliseconds.
nap() {
  local ms=$((RANDOM % ($1 + 1)))
  sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"
}

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# A set of small washers and a model that learned a little from it.
washers() {
  "$assay" dataset render washers --out washers --count "${1:-48}" --size 64 >log 2>&1 || { cat log; exit 2; }
  "$assay" train washers --out m.onnx --preset fast --size 64x64 --batch 8 --steps 20 --quiet >log 2>&1 ||
    { cat log; exit 2; }
}

finish() {
  if [ "$failures" = 0 ]; then echo "all passed"; else echo "$failures failed"; exit 1; fi
}
