#!/bin/bash
# kill -9 at random moments of `assay train`: the same command, given again, ends with the bytes of an uninterrupted
# training. TRIALS=20 STEPS=60 by default.
. "$(dirname "$0")/lib.sh"
trials_wanted=${TRIALS:-20}
"$assay" dataset render washers --out washers --count 96 --size 96 >/dev/null || exit 2

# An array, not a function: kill must reach the program and not a shell around it.
run=("$assay" train washers --preset fast --size 96x96 --batch 8 --steps "${STEPS:-60}" --threads 2 --quiet
  --checkpoint-interval 0)
before=$(milliseconds)
"${run[@]}" --out whole/m.onnx >out || { bad 'undisturbed training'; finish; }
time=$(($(milliseconds) - before))
"${run[@]}" --out again/m.onnx >out
check 'the same seed gives the same bytes' cmp whole/m.onnx again/m.onnx
echo "trained in $time ms"

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
