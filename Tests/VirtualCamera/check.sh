#!/usr/bin/env bash
# Tries `assay` with a real kernel camera in a virtual machine: every fault of the two tables in README.md, unplugging,
# two cameras, formats, and the numbers that the emulated camera writes into its frames.
#
#   Tests/VirtualCamera/check.sh [PART...]     parts: bars numbers vivid usb replug twins; without any: all
#
# Takes about ten minutes without hardware virtualisation. Needs the built program; ASSAY names another one.
set -u
here=$(cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
root=$(cd "$here/../.." && pwd)
assay=${ASSAY:-$root/.build/release/assay}
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
bad=0

ok() { echo "ok    $1"; }
fail() { echo "FAIL  $1"; bad=1; }
vm() { "$here/run-in-vm" --timeout "${LIMIT:-240}" "$@"; }

# A number of a run's summary: captured, judged, outages, or a fault or drop by name; 0 where it is not told.
value() { sed -n "s/^ *\"$2\": \([0-9]*\),\{0,1\}$/\1/p" "$1/summary.json" | head -n 1 | grep . || echo 0; }
# The sum of all drops.
dropped() { sed -n '/"dropped": {/,/}/s/^ *"[a-z_]*": \([0-9]*\),\{0,1\}$/\1/p' "$1/summary.json" | paste -sd+ | grep . | bc || echo 0; }

# Frames captured are those judged and those dropped, in every summary.
adds_up() {
  local captured judged lost
  if [ ! -s "$2/summary.json" ]; then fail "$1: no summary"; return; fi
  captured=$(value "$2" captured); judged=$(value "$2" judged); lost=$(dropped "$2"); lost=${lost:-0}
  if [ "$captured" = $((judged + lost)) ] && [ "$captured" -gt 0 ]; then
    ok "$1: $captured captured = $judged judged + $lost dropped"
  else fail "$1: $captured captured, $judged judged, $lost dropped"; fi
}
# A fault was counted, at least so often.
counted() {
  local count; count=$(value "$2" "$3")
  if [ "$count" -ge "${4:-1}" ]; then ok "$1: $3 $count"; else fail "$1: $3 is $count, of ${4:-1}"; fi
}
# It was judged after the fault too: the last decision is later than the last gap or fault.
recovered() {
  local last; last=$(grep -v "^{\"log\":" "$2/decisions.jsonl" | tail -n 1 | cut -c 1-7)
  if [ "$last" != '{"gap":' ] && [ "$(value "$2" judged)" -gt 5 ]; then ok "$1: goes on"; else fail "$1: ends with a gap"; fi
}

# A model that an emulated processor runs quickly.
model=$work/tiny.onnx
[ -s "$model" ] || "$assay" train "$root/Datasets/washers" --preset fast --size 32x32 --steps 40 --batch 8 \
  --out "$model" --restart --quiet >/dev/null || exit 1

# What runs in the machine: `row NAME COMMAND` judges, does something to the camera, and goes on judging.
cat >"$work/rows.sh" <<'GUEST'
judge() { name=$1; shift; assay inspect "$@" --model /files --out /out/$name --no-keep --no-report --timeout 1 >/out/$name.log 2>&1 & pid=$!; }
judged() { [ -e /out/$1/decisions.jsonl ] && grep -c '"decision"' /out/$1/decisions.jsonl || true; }
# Waits until so many decisions are there, at most 30 s.
until_judged() { i=0; while [ "0$(judged $1)" -lt $2 ] && [ $i -lt 300 ]; do usleep 100000; i=$((i+1)); done; }
row() {
  name=$1; fault=$2; shift 2
  judge $name "$@"
  until_judged $name 8
  sh -c "$fault"
  sleep 2
  until_judged $name $(($(judged $name) + 8))
  kill -TERM $pid; wait $pid; echo "$name: exit $?"
}
GUEST

part_bars() {
  local tool
  swift build -c release --package-path "$root" --product cameracheck --static-swift-stdlib -Xlinker --strip-debug >"$work/build.log" 2>&1 \
    || { fail "cameracheck does not build: $work/build.log"; return; }
  tool=$root/.build/release/cameracheck
  if LIMIT=500 vm -- "$tool" bars /dev/video0 >"$work/bars.txt" 2>&1; then ok "colour bars: $(tail -n 1 "$work/bars.txt")"
  else fail "colour bars"; grep -E 'TOO|FAILED|checked' "$work/bars.txt"; fi
}

part_vivid() {
  local out=$work/vivid
  rm -rf "$out"; mkdir -p "$out"
  cat "$work/rows.sh" - >"$work/vivid.sh" <<'GUEST'
set_() { echo "v4l2-ctl -d /dev/video0 -c $1"; }
cam="/dev/video0 --size 320x180 --rate 15"
row gaps "$(set_ percentage_of_dropped_buffers=30); sleep 3; $(set_ percentage_of_dropped_buffers=0)" $cam
row nothing "$(set_ percentage_of_dropped_buffers=100); sleep 4; $(set_ percentage_of_dropped_buffers=0)" $cam
row flag "$(set_ inject_v4l2_buf_flag_error=1)" $cam
row qbuf "$(set_ inject_vidioc_qbuf_error=1)" $cam
# The next start fails: the stream is ended by another fault first.
row reqbufs "$(set_ inject_vidioc_reqbufs_error=1); $(set_ inject_fatal_streaming_error=1)" $cam
row streamon "$(set_ inject_vidioc_streamon_error=1); $(set_ inject_fatal_streaming_error=1)" $cam
row fatal "$(set_ inject_fatal_streaming_error=1)" $cam
row disconnect "$(set_ disconnect=1)" $cam
row unbind "echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind; sleep 2; echo vivid.0 >/sys/bus/platform/drivers/vivid/bind" $cam
v4l2-ctl -d /dev/video0 -c wrap_sequence_number=1
row wrap "sleep 12" $cam
v4l2-ctl -d /dev/video0 -c wrap_sequence_number=0
row drift "$(set_ brightness=100)" $cam
# Another program streams: this one waits until it is done.
v4l2-ctl -d /dev/video0 --stream-mmap --stream-count=80 >/dev/null 2>&1 & sleep 1
row busy "true" $cam
row clock 'date -s "@$(($(date +%s) - 3600))" >/dev/null' $cam
GUEST
  LIMIT=280 vm --out "$out" --files "$model" --files "$work/vivid.sh" --bin "$assay" -- sh "$work/vivid.sh" >"$work/vivid.txt" 2>&1
  for entry in gaps:sequence_gap nothing:timeout flag:driver_error_flag qbuf:driver_error reqbufs:driver_error \
    streamon:driver_error fatal:driver_error disconnect:unplugged unbind:unplugged drift:control_drift busy:busy; do
    adds_up "vivid ${entry%:*}" "$out/${entry%:*}"
    counted "vivid ${entry%:*}" "$out/${entry%:*}" "${entry#*:}"
    recovered "vivid ${entry%:*}" "$out/${entry%:*}"
  done
  adds_up "vivid clock" "$out/clock"; recovered "vivid clock" "$out/clock"
  if grep -q "clock was set back" "$out/clock.log"; then ok "vivid clock: told"; else fail "vivid clock: not told"; fi
  adds_up "vivid wrap" "$out/wrap"
  # The machine may lose a frame of its own; a wrap that was taken for a gap would be one of thousands.
  if [ "$(value "$out/wrap" sequence_gap)" -lt 10 ] && [ "$(value "$out/wrap" sequence_jump)" = 0 ] \
    && [ "$(value "$out/wrap" captured)" -gt 128 ]; then ok "vivid wrap: the count wraps unnoticed"
  else fail "vivid wrap: $(value "$out/wrap" captured) captured, gap $(value "$out/wrap" sequence_gap)"; fi
}

part_usb() {
  local out=$work/usb
  rm -rf "$out"; mkdir -p "$out"
  cat "$work/rows.sh" - >"$work/usb.sh" <<'GUEST'
tell() { echo "echo $1 >/run/uvc-camera.0"; }
yuyv="/dev/video0 --size 320x240 --pixels YUYV --rate 15"
mjpg="/dev/video0 --size 320x240 --pixels MJPG --rate 15"
row unplug "$(tell unplug); sleep 2; $(tell plug)" $yuyv
row stall "$(tell stall); sleep 3; $(tell resume)" $yuyv
row error "$(tell 'error 5')" $yuyv
row short "$(tell 'short 3')" $yuyv
row shortjpeg "$(tell 'short 3')" $mjpg
row corrupt "$(tell 'corrupt 3')" $mjpg
row drop "$(tell 'drop 3'); $(tell 'delay 30'); sleep 2; $(tell 'delay 0')" $mjpg
row nodht "$(tell 'nodht 1')" $mjpg
echo 'nodht 0' >/run/uvc-camera.0
row halt "$(tell halt)" $yuyv
GUEST
  LIMIT=280 vm --uvc --out "$out" --files "$model" --files "$work/usb.sh" --bin "$assay" -- sh "$work/usb.sh" >"$work/usb.txt" 2>&1
  for entry in unplug:unplugged stall:timeout error:sequence_gap short:sequence_gap shortjpeg:corrupt_jpeg \
    corrupt:corrupt_jpeg halt:driver_error_flag; do
    adds_up "usb ${entry%:*}" "$out/${entry%:*}"
    counted "usb ${entry%:*}" "$out/${entry%:*}" "${entry#*:}"
    recovered "usb ${entry%:*}" "$out/${entry%:*}"
  done
  for name in drop nodht; do
    adds_up "usb $name" "$out/$name"; recovered "usb $name" "$out/$name"
    if [ "$(value "$out/$name" unreadable)$(value "$out/$name" sequence_gap)" = 00 ]; then ok "usb $name: no frame lost or damaged"
    else fail "usb $name: frames lost or damaged"; fi
  done
}

# The number that each judged frame carries in its picture.
part_numbers() {
  local out=$work/numbers tool=$root/.build/release/cameracheck format
  [ -x "$tool" ] || swift build -c release --package-path "$root" --product cameracheck --static-swift-stdlib -Xlinker --strip-debug >"$work/build.log" 2>&1
  rm -rf "$out"; mkdir -p "$out"
  LIMIT=200 vm --uvc --out "$out" --files "$model" --bin "$assay" -- sh -c '
    for f in YUYV MJPG; do
      assay inspect /dev/video0 --model /files --out /out/$f --record /out/rec-$f --limit 300 --no-keep --no-report \
        --size 320x240 --rate 15 --pixels $f
    done' >"$work/numbers.txt" 2>&1
  for format in YUYV MJPG; do
    adds_up "numbers $format" "$out/$format"
    if "$tool" numbers "$out/rec-$format" >"$work/numbers-$format.txt" 2>&1; then ok "numbers $format: $(tail -n 1 "$work/numbers-$format.txt")"
    else fail "numbers $format: $(tail -n 3 "$work/numbers-$format.txt")"; fi
  done
}

# Twenty times out and in again.
part_replug() {
  local out=$work/replug
  rm -rf "$out"; mkdir -p "$out"
  cat "$work/rows.sh" - >"$work/replug.sh" <<'GUEST'
judge replug /dev/video0 --size 320x240 --pixels YUYV --rate 15
until_judged replug 5
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  echo unplug >/run/uvc-camera.0; sleep 1; echo plug >/run/uvc-camera.0
  until_judged replug $(($(judged replug) + 3))
done
kill -TERM $pid; wait $pid; echo "exit $?"
GUEST
  LIMIT=280 vm --uvc --out "$out" --files "$model" --files "$work/replug.sh" --bin "$assay" -- sh "$work/replug.sh" >"$work/replug.txt" 2>&1
  adds_up "replug" "$out/replug"; recovered "replug" "$out/replug"
  if [ "$(value "$out/replug" outages)" = 20 ]; then ok "replug: 20 times away and back"; else fail "replug: $(value "$out/replug" outages) of 20 times"; fi
}

# Two cameras with a recipe; one is pulled out, the other must not notice.
part_twins() {
  local out=$work/twins
  rm -rf "$out"; mkdir -p "$out"
  for kind in vivid usb; do
    local left=/dev/video0 right=/dev/video1
    [ $kind = usb ] && { left=usb-vhci_hcd.0-1; right=usb-vhci_hcd.0-2; }
    cat >"$work/$kind.yaml" <<RECIPE
cameras:
  left: {device: $left, format: {size: 320x$([ $kind = usb ] && echo 240 || echo 180), rate: $([ $kind = usb ] && echo 5 || echo 10)}}
  right: {device: $right, format: {size: 320x$([ $kind = usb ] && echo 240 || echo 180), rate: $([ $kind = usb ] && echo 5 || echo 10)}}
model: $model
RECIPE
  done
  cat "$work/rows.sh" - >"$work/twins.sh" <<'GUEST'
kind=$1; pull=$2; push=$3; recipe=$4
assay inspect --recipe $recipe --out /out/$kind --no-report >/out/$kind.log 2>&1 & pid=$!
until_judged $kind 20
sh -c "$pull"; sleep 4; sh -c "$push"; sleep 4
until_judged $kind $(($(judged $kind) + 20))
kill -TERM $pid; wait $pid; echo "exit $?"
GUEST
  LIMIT=120 vm --modprobe 'vivid n_devs=2 node_types=0x1,0x1 num_inputs=1,1 input_types=0,0' --out "$out" --files "$model" \
    --files "$work/twins.sh" --files "$work/vivid.yaml" --bin "$assay" -- sh "$work/twins.sh" vivid \
    'v4l2-ctl -d /dev/video1 -c disconnect=1' true "$work/vivid.yaml" >"$work/twins-vivid.txt" 2>&1
  LIMIT=120 vm --uvc --out "$out" --files "$model" --files "$work/twins.sh" --files "$work/usb.yaml" --bin "$assay" -- sh -c \
    "uvc-camera -p 1 -n 'Second Camera' >/dev/null 2>&1 & sleep 3; exec sh $work/twins.sh usb 'echo unplug >/run/uvc-camera.1' 'echo plug >/run/uvc-camera.1' $work/usb.yaml" \
    >"$work/twins-usb.txt" 2>&1
  for kind in vivid usb; do
    adds_up "twins $kind" "$out/$kind"; recovered "twins $kind" "$out/$kind"
    if grep -q '"gap":{"camera":"right".*"end":"2' "$out/$kind/decisions.jsonl" && ! grep -q '"gap":{"camera":"left"' "$out/$kind/decisions.jsonl"; then
      ok "twins $kind: one away and back, the other without a gap"
    else fail "twins $kind: $(grep -c '"gap"' "$out/$kind/decisions.jsonl") gap records"; fi
  done
}

for part in ${@:-bars numbers vivid usb replug twins}; do "part_$part"; done
exit $bad
