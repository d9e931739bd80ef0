#!/bin/bash
# kill -9 at random moments of `assay train`: the same command, given again, ends with the bytes of an uninterrupted
# training. TRIALS=20 by default; STEPS as many as take six seconds.
. "$(dirname "$0")/lib.sh"
trials_wanted=${TRIALS:-20}
"$assay" dataset render washers --out washers --count 96 --size 96 >/dev/null || exit 2

# An array, not a function: kill must reach the program and not a shell around it.
train=("$assay" train washers --preset fast --size 96x96 --batch 8 --threads 2 --quiet --checkpoint-interval 0)
# Steps for about six seconds: there is a checkpoint each second.
before=$(milliseconds)
"${train[@]}" --out first.onnx --steps 100 >out || { bad 'training'; finish; }
steps=${STEPS:-$((100 * 6000 / ($(milliseconds) - before)))}
run=("${train[@]}" --steps $((steps < 40 ? 40 : steps)))
before=$(milliseconds)
"${run[@]}" --out whole/m.onnx >out || { bad 'undisturbed training'; finish; }
time=$(($(milliseconds) - before))
"${run[@]}" --out again/m.onnx >out
check 'the same seed gives the same bytes' cmp whole/m.onnx again/m.onnx
echo "$steps steps in $time ms"

good=0
resumed=0
while [ "$good" -lt "$trials_wanted" ]; do
  rm -rf run
  kills=0
  for _ in $(seq $((1 + RANDOM % 2))); do
    "${run[@]}" --out run/m.onnx >out 2>errors &
    pid=$!
    nap "$time"
    if kill -9 $pid 2>/dev/null; then kills=$((kills + 1)); fi
    wait $pid 2>/dev/null
  done
  [ $kills -gt 0 ] || continue
  [ -e run/m.checkpoint.safetensors ] && resumed=$((resumed + 1))
  "${run[@]}" --out run/m.onnx >out 2>errors
  code=$?
  if [ $code = 0 ] && cmp -s run/m.onnx whole/m.onnx && [ ! -e run/m.checkpoint.safetensors ] &&
    [ -z "$(find run -name '*.part')" ]; then
    good=$((good + 1))
  else
    bad "resumed training: exit code $code, $(cmp run/m.onnx whole/m.onnx 2>&1), $(cat errors)"
    [ "$failures" -lt 5 ] || finish
  fi
done
ok "$good of $trials_wanted killed trainings end with the same bytes ($resumed of them from a checkpoint)"
check 'some went on from a checkpoint' test "$resumed" -gt 0
finish
