#!/bin/bash
# What goes wrong around the program: full disks, folders that cannot be written, sources that go away, Ctrl-C, readers
# that leave, two runs in one folder.
. "$(dirname "$0")/lib.sh"
set -m # So that background processes do not ignore Ctrl-C.
washers 48
"$assay" dataset render washers --out parts --count 300 --size 160 --seed 3 >/dev/null || exit 2
inspect() { "$assay" inspect parts --model m.onnx "$@"; }
# In the background not through the function: the signal would go to its shell.
inspect --out whole --quiet >out
decisions whole/decisions.jsonl >wanted
count=$(wc -l <wanted)
one_sentence() { [ "$(wc -l <errors)" = 1 ] && grep -q '^error: ' errors; }

echo '-- a second run in the same folder'
inspect --out whole --quiet >out 2>errors
same 'exit code' 1 $?
has 'says what to do' errors '--resume'
check 'one sentence' one_sentence
check 'the first run is as it was' cmp -s <(decisions whole/decisions.jsonl) wanted
"$assay" inspect parts --model m.onnx --out both --quiet >out 2>&1 &
first=$!
while [ ! -s both/decisions.jsonl ]; do sleep 0.05; kill -0 $first 2>/dev/null || break; done
inspect --out both --quiet --resume >out2 2>errors
same 'two at once: exit code' 1 $?
has 'two at once: says why' errors 'another run'
wait $first
check 'two at once: the first is not disturbed' cmp -s <(decisions both/decisions.jsonl) wanted

echo '-- full disks'
mkdir full && ln -s /dev/full full/decisions.jsonl
timeout 60 "$assay" inspect parts --model m.onnx --out full --no-annotated --quiet >out 2>errors
same '/dev/full: exit code' 1 $?
has '/dev/full: says so' errors 'the disk is full'
check '/dev/full: one sentence' one_sentence
check '/dev/full is what it was' test -c /dev/full
"$assay" train washers --out /dev/full --steps 2 >out 2>errors
same 'train --out /dev/full: exit code' 64 $?
check '/dev/full is still what it was' test -c /dev/full
"$assay" evaluate washers --model m.onnx --out /dev/null >out 2>errors
same 'evaluate --out /dev/null: exit code' 1 $?
mkdir small
if mount -t tmpfs -o size=2M tmpfs small 2>/dev/null; then
  mounted+=("$PWD/small")
  inspect --out small/run --quiet >out 2>errors
  same 'tmpfs: exit code' 1 $?
  has 'tmpfs: says so' errors 'the disk is full'
  check 'tmpfs: one sentence' one_sentence
  lines=$(count_decisions small/run/decisions.jsonl)
  echo "      $lines decisions fitted"
  check 'tmpfs: what is there is whole' cmp -s <(decisions small/run/decisions.jsonl) <(head -n "$lines" wanted)
  mount -o remount,size=200M small
  inspect --out small/run --quiet --resume >out 2>errors
  same 'tmpfs: room made, resumed' 0 $?
  check 'tmpfs: nothing lost' cmp -s <(decisions small/run/decisions.jsonl) wanted
  same 'tmpfs: annotated pictures' "$count" "$(find small/run/annotated -name '*.jpg' -size +0 | wc -l)"
  rm -rf small/*
  mount -o remount,size=300k small
  "$assay" train washers --out small/m.onnx --preset fast --size 64x64 --batch 4 --steps 400 --quiet \
    --checkpoint-interval 0 >out 2>errors
  same 'tmpfs: train' 1 $?
  has 'tmpfs: train says so' errors 'o space left'
  check 'tmpfs: train leaves nothing half written' test -z "$(find small -name '*.part')"
  mount -o remount,ro small
  inspect --out small/new --quiet >out 2>errors
  same 'read-only: exit code' 1 $?
  has 'read-only: names it' errors 'small/new'
  "$assay" train washers --out small/m.onnx --steps 100000 --quiet >out 2>errors
  same 'read-only: train says so at once' 1 $?
  has 'read-only: train names it' errors 'small/m.onnx'
else
  skip 'full and read-only file systems: mounting needs root'
fi
if [ "$(id -u)" != 0 ]; then
  mkdir locked && chmod 555 locked
  inspect --out locked/run --quiet >out 2>errors
  same 'folder without permission' 1 $?
  has 'folder without permission: names it' errors 'locked/run'
else
  skip 'folder without permission: root writes everywhere'
fi
: >file
inspect --out file --quiet >out 2>errors
same '--out is a file' 1 $?
has '--out is a file: says so' errors 'file is a file, not a folder'

echo '-- the source goes away'
cp -r parts going
"$assay" inspect going --model m.onnx --out gone --quiet >out 2>errors &
pid=$!
while [ ! -s gone/decisions.jsonl ]; do sleep 0.02; kill -0 $pid 2>/dev/null || break; done
rm -rf going
wait $pid
code=$?
same 'one decision each' "$count" "$(count_decisions gone/decisions.jsonl)"
lost=$(grep -c 'no such file' gone/decisions.jsonl)
echo "      $lost were gone"
same 'exit code' $((lost > 0 ? 3 : 0)) $code
same 'what was gone is a reject' "$lost" "$(grep 'no such file' gone/decisions.jsonl | grep -c '"decision":"reject","label":"unreadable"')"

echo '-- the output goes away'
"$assay" inspect parts --model m.onnx --out lost --quiet >out 2>errors &
pid=$!
while [ ! -s lost/decisions.jsonl ]; do sleep 0.02; kill -0 $pid 2>/dev/null || break; done
rm -rf lost 2>/dev/null
wait $pid
same 'exit code' 1 $?
check 'one sentence' one_sentence

echo '-- Ctrl-C'
for signal in INT TERM; do
  rm -rf stopped
  "$assay" inspect parts --model m.onnx --out stopped >out 2>errors &
  pid=$!
  while [ ! -s stopped/decisions.jsonl ]; do sleep 0.02; kill -0 $pid 2>/dev/null || break; done
  before=$(milliseconds)
  kill -$signal $pid
  wait $pid
  code=$?
  same "SIG$signal: exit code" $([ $signal = INT ] && echo 130 || echo 143) $code
  check "SIG$signal: ends within 3 s" test $(($(milliseconds) - before)) -lt 3000
  has "SIG$signal: says how to go on" errors '--resume'
  lines=$(count_decisions stopped/decisions.jsonl)
  check "SIG$signal: $lines whole lines" cmp -s <(decisions stopped/decisions.jsonl) <(head -n "$lines" wanted)
  inspect --out stopped --resume --quiet >out 2>errors
  same "SIG$signal: resumed" 0 $?
  check "SIG$signal: the same decisions" cmp -s <(decisions stopped/decisions.jsonl) wanted
done
"$assay" train washers --out stopped.onnx --preset fast --size 64x64 --batch 8 --steps 100000 >out 2>errors &
pid=$!
sleep 3
kill -INT $pid
wait $pid
same 'training: exit code' 130 $?
has 'training: says how to go on' errors 'The same command goes on from there'
check 'training: checkpoint' test -s stopped.checkpoint.safetensors

echo '-- readers that leave'
(inspect --out piped 2>&1; echo $? >code) | head -n 0
same 'inspect | head: exit code' 0 "$(cat code)"
check 'inspect | head: all judged' cmp -s <(decisions piped/decisions.jsonl) wanted
check 'inspect | head: report' test -s piped/report.html
("$assay" model show m.onnx; echo $? >code) | head -n 0
same 'model show | head' 0 "$(cat code)"
inspect --out closed >&- 2>&-
same 'nothing to write to' 0 $?
check 'nothing to write to: all judged' cmp -s <(decisions closed/decisions.jsonl) wanted

echo '-- results within the source'
cp -r parts mixed
"$assay" inspect mixed --model m.onnx --out mixed --quiet >out 2>errors
"$assay" inspect mixed --model m.onnx --out mixed --quiet --overwrite >out 2>errors
same 'annotated pictures are no parts' "$count" "$(count_decisions mixed/decisions.jsonl)"
finish
