#!/bin/sh
# Checks the layer over oneDNN (Sources/CDNN) against plain loops, with one version of oneDNN or several.
#   Tests/OneDNN/check.sh [--bench] [FOLDER ...]
# A FOLDER holds oneDNN's include/ and lib/; `system`, or none at all, is the library that is installed. --bench times
# convolutions instead, the versions in turns: median and range of the rounds, in milliseconds; with OMP_NUM_THREADS=1
# of processor time, for machines that are not idle. RUN is put before the program, for a library of a newer system
# than this one: RUN="ld.so --library-path ...", both of that system.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${TMPDIR:-/tmp}/assay-onednn
rounds=${ROUNDS:-7}
run=${RUN:-}
bench=
if [ "${1:-}" = --bench ]; then
  bench=1
  shift
fi
[ $# -gt 0 ] || set -- system
mkdir -p "$work"

# The program of the FOLDER with the given number.
build() {
  flags= libraries=-ldnnl
  if [ "$2" != system ]; then
    for file in include/dnnl.h lib/libdnnl.so; do
      [ -f "$2/$file" ] || { echo "$2: has no $file" >&2; exit 2; }
    done
    folder=$(cd "$2" && pwd)
    # The library may be newer than this system's C++ runtime and still serve: what it misses shows when it is loaded.
    flags="-isystem $folder/include" libraries="-L$folder/lib -Wl,-rpath,$folder/lib -Wl,--allow-shlib-undefined -ldnnl"
  fi
  # shellcheck disable=SC2086
  "${CXX:-clang++}" -std=gnu++17 -O2 -Wall -Wextra -Werror $flags -I"$root/Sources/CDNN/include" \
    -c "$root/Sources/CDNN/slots.cpp" -o "$work/slots-$1.o"
  # shellcheck disable=SC2086
  "${CC:-clang}" -std=gnu11 -O2 -Wall -Wextra -Werror $flags -I"$root/Sources/CDNN/include" -I"$here" \
    "$root"/Sources/CDNN/*.c "$here"/*.c "$work/slots-$1.o" -o "$work/check-$1" $libraries -lstdc++ -lm -ldl
}

number=0
for folder in "$@"; do
  number=$((number + 1))
  build $number "$folder"
done

if [ -z "$bench" ]; then
  failed=0
  for i in $(seq $number); do $run "$work/check-$i" || failed=1; done
  exit $failed
fi

rm -f "$work"/times-*
for round in $(seq "$rounds"); do
  for i in $(seq $number); do $run "$work/check-$i" bench >>"$work/times-$i"; done
done
i=0
for folder in "$@"; do
  i=$((i + 1))
  echo "$folder"
  awk -F '\t' '
    !($1 in runs) { names[++count] = $1 }
    { times[$1, ++runs[$1]] = $2; kernel[$1] = $3 }
    END {
      for (n = 1; n <= count; n++) {
        name = names[n]; size = runs[name]
        for (a = 2; a <= size; a++)
          for (b = a; b > 1 && times[name, b - 1] > times[name, b]; b--) {
            swap = times[name, b]; times[name, b] = times[name, b - 1]; times[name, b - 1] = swap
          }
        printf "  %-38s %8.3f  (%.3f to %.3f)  %s\n", name, times[name, int((size + 1) / 2)], times[name, 1],
          times[name, size], kernel[name]
      }
    }' "$work/times-$i"
done
