#!/bin/sh
# Fuzzes the image decoders, the conversion of camera frames and the ONNX reader with libFuzzer and the address sanitizer, those in C also with the
# undefined-behaviour sanitizer.
#   Tests/Fuzz/run.sh FORMAT SECONDS [SEEDS]      FORMAT: png, jpeg, tiff, bmp, frames or onnx
# Inputs that crash are written to Tests/Fuzz/found/; keep them in Tests/Fuzz/corpus, which the tests replay. For onnx,
# build the package first (it brings swift-protobuf); `onnx_corpus.py FOLDER` writes more seeds.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
format=$1 seconds=$2 seeds=${3:-$here/corpus}
work=${TMPDIR:-/tmp}/assay-fuzz-$format
rss=1500
mkdir -p "$work/corpus" "$here/found"
if [ "$format" = bmp ]; then
  sources=$root/Sources/Imaging
  swiftc -O -g -parse-as-library -sanitize=fuzzer,address -swift-version 6 -enable-experimental-feature Lifetimes \
    -module-name fuzz "$here/fuzz_bmp.swift" "$sources/Image.swift" "$sources/Pixels.swift" \
    "$sources/Codecs/BMPDecoder.swift" "$sources/Codecs/ImageError.swift" "$sources/Codecs/DecodeOptions.swift" \
    -o "$work/fuzz"
elif [ "$format" = frames ]; then
  clang -std=c11 -O1 -g -fsanitize=address,undefined,fuzzer -fno-sanitize-recover=undefined \
    -I"$root/Sources/CFrames/include" "$here/fuzz_frames.c" "$root"/Sources/CFrames/*.c -o "$work/fuzz"
elif [ "$format" = onnx ]; then
  [ $# -ge 3 ] || seeds=$here/corpus/onnx
  # The sanitizer's own bookkeeping takes about half of it.
  rss=2500
  maps= objects=
  for c in CDNN CWinograd CTransformer CChannels CQuantized; do
    include=$root/Sources/$c/include
    mkdir -p "$work/$c"
    printf 'module %s {\n  header "%s"\n  export *\n}\n' "$c" "$include/$(printf %s "$c" | tr A-Z a-z).h" \
      > "$work/$c/module.modulemap"
    (cd "$work/$c" && clang -std=c11 -O1 -g -c -fsanitize=address,fuzzer-no-link -I"$include" "$root/Sources/$c"/*.c)
    for file in "$root/Sources/$c"/*.cpp; do
      [ ! -e "$file" ] || (cd "$work/$c" && clang++ -std=c++17 -O1 -g -c -fsanitize=address,fuzzer-no-link -I"$include" "$file")
    done
    maps="$maps -Xcc -fmodule-map-file=$work/$c/module.modulemap"
    objects="$objects $work/$c/*.o"
  done
  if [ ! -e "$work/SwiftProtobuf.o" ]; then
    # shellcheck disable=SC2046
    swiftc -O -g -parse-as-library -wmo -sanitize=fuzzer,address -swift-version 6 -module-name SwiftProtobuf -package-name swift_protobuf \
      -emit-module -emit-module-path "$work/SwiftProtobuf.swiftmodule" -c -o "$work/SwiftProtobuf.o" \
      $(find "$root/.build/checkouts/swift-protobuf/Sources/SwiftProtobuf" -name '*.swift')
  fi
  # shellcheck disable=SC2046,SC2086
  swiftc -O -g -parse-as-library -wmo -sanitize=fuzzer,address -swift-version 6 -module-name fuzz \
    -enable-experimental-feature Lifetimes -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature ExistentialAny \
    -I "$work" $maps -o "$work/fuzz" "$here/fuzz_onnx.swift" $(find "$root/Sources/Graphs" -name '*.swift') \
    "$work/SwiftProtobuf.o" $objects -ldnnl -lstdc++ -lm
  mkdir -p "$work/folder"
  printf 'external data that models may use' > "$work/folder/weights.bin"
  export ASSAY_FUZZ_FOLDER="$work/folder"
else
  upper=$(printf %s "$format" | tr a-z A-Z)
  clang -std=c11 -O1 -g -fsanitize=address,undefined,fuzzer -fno-sanitize-recover=undefined -D"FORMAT=$format" -D"FUZZ_$upper" \
    -I"$root/Sources/CCodecs/include" -I"$root/Sources/CFrames/include" "$here/fuzz_codecs.c" \
    "$root"/Sources/CCodecs/*.c "$root"/Sources/CFrames/*.c -o "$work/fuzz" \
    -lpng -ljpeg -ltiff
fi
exec nice -n 19 "$work/fuzz" -max_total_time="$seconds" -max_len=20000 -timeout=60 -rss_limit_mb="$rss" \
  -artifact_prefix="$here/found/$format-" "$work/corpus" "$seeds"
