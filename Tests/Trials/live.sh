#!/bin/bash
# What goes wrong around a live run: a full disk, commands that hang or die, a recipe that changes, Ctrl-C. Pictures are
# played as a camera sends them. (A clock that is set back needs a machine of its own: Tests/VirtualCamera/check.sh.)
. "$(dirname "$0")/lib.sh"
set -m # So that background processes do not ignore Ctrl-C.
washers 48
mkdir parts && find "$PWD/washers/test" -name '*.png' | while read -r f; do ln -s "$f" parts/; done
# In the background only with `exec`: a signal would go to the function's shell.
played=(inspect play:parts --size 160x120 --rate 60 --model m.onnx)
live() { "$assay" "${played[@]}" "$@"; }
number() { sed -nE "s/.*\"$2\": ([0-9]+).*/\1/p" "$1/summary.json" | head -n 1; }
dropped() { tr -d ' \n' <"$1/summary.json" | sed -E 's/.*"dropped":\{([^}]*)\}.*/\1/'; }
# Waits for words in a file, at most so many seconds.
wait_for() { for _ in $(seq $(($1 * 20))); do grep -qF -- "$3" "$2" 2>/dev/null && return; sleep 0.05; done; return 1; }
alive() { kill -0 "$1" 2>/dev/null; }

echo '-- a full disk'
mkdir small
if mount -t tmpfs -o size=256k tmpfs small 2>/dev/null; then
  mounted+=("$PWD/small")
  "$assay" "${played[@]}" --out small/run --limit 1500 >out 2>errors & run=$!
  check 'it says that no pictures are kept' wait_for 10 errors 'no pictures are kept'
  check 'it says that decisions are not written' wait_for 30 errors 'NOT WRITTEN'
  check 'pictures stop first' test "$(grep -nF 'no pictures' errors | head -n 1 | cut -d: -f1)" -lt \
    "$(grep -nF 'NOT WRITTEN' errors | head -n 1 | cut -d: -f1)"
  sleep 3
  check 'judging goes on' alive $run
  mount -o remount,size=64M small
  check 'it says that there is room again' wait_for 10 errors 'decisions are written again'
  wait $run
  same 'exit code' 0 $?
  # The limit ends the taking of frames; those that were taken are judged.
  check 'every decision is there' test "$(number small/run judged)" -ge 1500
  same 'and on the disk, once' "$(number small/run judged)" \
    "$(sed -nE 's/^\{"id":"([^"]*)".*/\1/p' small/run/decisions.jsonl | sort -u | wc -l)"
  same 'none was dropped' '' "$(dropped small/run)"
  umount small
  mount -t tmpfs -o size=256k tmpfs small
  "$assay" "${played[@]}" --out small/run --limit 100000 --quiet >out 2>errors & run=$!
  wait_for 30 errors 'NOT WRITTEN'
  kill -TERM $run
  wait $run
  same 'stopped with the disk full: exit code' 1 $?
  has 'and it says so' errors 'the disk is full'
  lines=$(wc -l <small/run/decisions.jsonl)
  same 'what is there is whole' "$lines" "$(grep -c '^{.*}$' small/run/decisions.jsonl)"
  umount small
else
  skip 'full disks: may not mount'
fi

echo '-- a command that hangs'
cat >deliver.sh <<'S'
#!/bin/sh
[ -e "$1/hang" ] && exec sleep 1000
cat >>"$1/got"
S
chmod +x deliver.sh
touch hang
start=$(milliseconds)
live --out hanging --limit 300 --on-decision "$PWD/deliver.sh $PWD" --quiet >out 2>errors
same 'exit code' 0 $?
took=$(($(milliseconds) - start))
check "the run goes on and ends ($took ms)" test $took -lt 25000
first=$(number hanging judged)
check "judged ($first)" test "$first" -ge 300
same 'dropped' '' "$(dropped hanging)"
has 'it says what waits' errors 'decisions wait for the next run with --resume'
check 'nothing of it is left running' test -z "$(pgrep -f 'sleep 1000')"
rm hang
live --out hanging --limit 20 --resume --on-decision "$PWD/deliver.sh $PWD" --quiet >out 2>errors
same 'resumed: exit code' 0 $?
numbers() { sed -E 's/.*"number":([0-9]+).*/\1/' "$1" | uniq; }
check 'all of them came, in order' cmp -s <(numbers got) <(seq $((first + $(number hanging judged))))

echo '-- a command that dies, and one that is new'
live --out dying --limit 100 --on-decision "false" --quiet >out 2>errors
same 'exit code' 0 $?
first=$(number dying judged)
check "judged ($first)" test "$first" -ge 100
has 'it says what waits' errors 'wait for the next run'
live --out dying --limit 10 --resume --on-decision "cat >>$PWD/fresh" --quiet >out 2>errors
check 'a new command gets new decisions only' cmp -s <(numbers fresh) \
  <(seq $((first + 1)) $((first + $(number dying judged))))

echo '-- a recipe that changes'
recipe() {
  printf 'station: trial\nmodel: m.onnx\npolicy: {reject: %s, review: %s}\ncameras:\n' "$1" "$1"
  printf '  a: {device: "play:parts", format: {size: 160x120, rate: %s}}\n' "$2"
  printf 'outputs: [{command: "%s"}]\nkeep: {rejects: all, accepts: none, raw: %s}\n' "$3" "$4"
}
recipe 0.5 60 true no >line.yaml
"$assay" inspect --recipe line.yaml --out station >out 2>errors & run=$!
check 'it runs' wait_for 10 errors 'a: '
sleep 1
recipe 0.001 60 "cat >>$PWD/late" yes >line.yaml
kill -HUP $run
check 'it says what is changed' wait_for 10 errors 'policy.reject 0.5 -> 0.001'
sleep 2
printf 'cameras: {a: {devise: x}}\n' >line.yaml
kill -HUP $run
check 'a recipe that is wrong is told' wait_for 10 errors 'unknown key "devise"'
has 'and changes nothing' errors 'the recipe is not changed'
sleep 0.5
check 'it still runs' alive $run
kill -INT $run
wait $run
code=$?
check "Ctrl-C ends it cleanly ($code)" test $code = 0
same 'no frame was dropped' '' "$(dropped station)"
same 'the camera was not stopped' 0 "$(grep -c '"gap"' station/decisions.jsonl)"
same 'frames are counted on' "$(count_decisions station/decisions.jsonl)" \
  "$(($(grep '^{"id"' station/decisions.jsonl | tail -n 1 | sed -E 's/.*"sequence":([0-9]+).*/\1/') + 1))"
verdicts() { sed -E 's/.*"decision":"([a-z]+)".*/\1/' "$1"; }
check 'the new threshold holds' test "$(grep '^{"id"' station/decisions.jsonl | tail -n 30 | grep -c '"decision":"reject"')" = 30
check 'the new output gets decisions' test -s late
check 'the new picture rule holds' test "$(find station/kept -name '*.frame' | wc -l)" -gt 0
has 'recipe.json is the new one' station/recipe.json 'cat >>'

echo '-- kept frames, judged again'
frames=$(find station/kept -name '*.frame' | wc -l)
"$assay" inspect station/kept --model m.onnx --reject 0.001 --review 0.001 --out again --no-keep --quiet >out 2>errors
same 'exit code' 0 $?
same 'all of them' "$frames" "$(number again judged)"
same 'with the same verdict' "$frames" "$(grep -c '"decision":"reject"' again/decisions.jsonl)"

echo '-- a recording by the recipe'
recipe 0.5 60 true no >line.yaml
"$assay" inspect --recipe line.yaml --out first --record rec --limit 120 --quiet >out 2>errors
same 'exit code' 0 $?
"$assay" inspect rec --recipe line.yaml --out second --quiet >out 2>errors
same 'judged again: exit code' 0 $?
scores() { sed -nE 's/.*"sequence":([0-9]+).*"decision":"([a-z]+)".*"score":([^,]+),.*/\1 \2 \3/p' "$1" | sort -n | head -n 120; }
check 'the same decisions' cmp -s <(scores first/decisions.jsonl) <(scores second/decisions.jsonl)

finish
