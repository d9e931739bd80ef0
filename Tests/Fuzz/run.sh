#!/bin/sh
# Fuzzes the image decoders with libFuzzer and the address and undefined-behaviour sanitizers.
#   Tests/Fuzz/run.sh FORMAT SECONDS [SEEDS]      FORMAT: png, jpeg, tiff or bmp
# Inputs that crash are written to Tests/Fuzz/found/; keep them in Tests/Fuzz/corpus, which the tests replay.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
format=$1 seconds=$2 seeds=${3:-$here/corpus}
work=${TMPDIR:-/tmp}/assay-fuzz-$format
mkdir -p "$work/corpus" "$here/found"
if [ "$format" = bmp ]; then
  sources=$root/Sources/Imaging
  swiftc -O -g -parse-as-library -sanitize=fuzzer,address -swift-version 6 -enable-experimental-feature Lifetimes \
    -module-name fuzz "$here/fuzz_bmp.swift" "$sources/Image.swift" "$sources/Pixels.swift" \
    "$sources/Codecs/BMPDecoder.swift" "$sources/Codecs/ImageError.swift" "$sources/Codecs/DecodeOptions.swift" \
    -o "$work/fuzz"
else
  upper=$(printf %s "$format" | tr a-z A-Z)
  clang -std=c11 -O1 -g -fsanitize=address,undefined,fuzzer -fno-sanitize-recover=undefined -D"FORMAT=$format" -D"FUZZ_$upper" \
    -I"$root/Sources/CCodecs/include" "$here/fuzz_codecs.c" "$root"/Sources/CCodecs/*.c -o "$work/fuzz" \
    -lpng -ljpeg -ltiff
fi
exec nice -n 19 "$work/fuzz" -max_total_time="$seconds" -max_len=20000 -timeout=60 -rss_limit_mb=1500 \
  -artifact_prefix="$here/found/$format-" "$work/corpus" "$seeds"
