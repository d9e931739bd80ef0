#!/bin/bash
# kill -9 at random moments of `assay inspect`: every line stays whole, and --resume ends with the decisions of an
# undisturbed run. TRIALS=20 PARTS=400 by default.
. "$(dirname "$0")/lib.sh"
trials_wanted=${TRIALS:-20}
washers 48
"$assay" dataset render washers --out parts --count "${PARTS:-400}" --size 160 --seed 3 >/dev/null || exit 2
printf 'no picture' >parts/test/good/odd.png

# An array, not a function: kill must reach the program and not a shell around it.
run=("$assay" inspect parts --model m.onnx --quiet)
before=$(milliseconds)
"${run[@]}" --out whole >out; code=$?
time=$(($(milliseconds) - before))
same 'undisturbed run' 3 $code
decisions whole/decisions.jsonl >wanted
echo "$(wc -l <wanted) decisions in $time ms"

good=0
torn=0
while [ "$good" -lt "$trials_wanted" ]; do
  rm -rf run
  kills=0
  start=()
  # One to three kills, each at a moment of its own.
  for _ in $(seq $((1 + RANDOM % 3))); do
    "${run[@]}" --out run "${start[@]}" >out 2>errors &
    pid=$!
    nap "$time"
    if kill -9 $pid 2>/dev/null; then kills=$((kills + 1)); fi
    wait $pid 2>/dev/null
    [ -e run/decisions.jsonl ] || continue
    start=(--resume)
    # All but what may be torn at the end is whole, in order, and what the undisturbed run says.
    head -n "$(wc -l <run/decisions.jsonl)" run/decisions.jsonl | decisions /dev/stdin >got
    lines=$(wc -l <got)
    [ "$(tail -c 1 run/decisions.jsonl | od -An -tx1)" = ' 0a' ] || [ ! -s run/decisions.jsonl ] || torn=$((torn + 1))
    cmp -s got <(head -n "$lines" wanted) ||
      bad "after a kill: the first $lines lines"
  done
  [ $kills -gt 0 ] || continue
  "${run[@]}" --out run --resume >out 2>errors
  code=$?
  if [ $code = 3 ] && "$assay" log verify run >verified && cmp -s <(decisions run/decisions.jsonl) wanted && [ -s run/report.html ] &&
    [ "$(grep -oE '"(judged|captured)": ?[0-9]+' run/summary.json | grep -oE '[0-9]+' | sort -u)" = "$(wc -l <wanted)" ] &&
    [ -z "$(find run -name '*.part')" ] &&
    [ "$(find run/annotated -name '*.jpg' -size +0 | wc -l)" = "$(wc -l <wanted)" ]; then
    good=$((good + 1))
  else
    bad "resumed run: exit code $code, $(wc -l <run/decisions.jsonl) lines"
    [ "$failures" -lt 5 ] || finish
  fi
done
ok "$good of $trials_wanted killed and resumed runs end as the undisturbed one ($torn torn ends were cut off)"
finish
