#!/bin/sh
# The what-if page in a browser: moves the sliders, opens each cell of the confusion matrix, and holds what the page says
# against what the program says of the same thresholds.
#
#   Tests/Trials/explorer.sh [PICTURE.png]    also keeps a screenshot
set -eu
cd "$(dirname "$0")/../.."
assay=${ASSAY:-.build/release/assay}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
[ -n "$browser" ] || { echo "skipped: no Chromium on this machine (apt-get install chromium)"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$assay" evaluate Datasets/washers --model Models/washers.onnx --out "$work/e" -q \
  --cost escape=200,overkill=1.5,review=0.4 > /dev/null
browse() { "$browser" --headless --no-sandbox --disable-gpu --virtual-time-budget=8000 --window-size=1250,2600 "$@" 2> /dev/null; }

# With a script behind the page's own, which does what a person would, and writes down what is seen.
{
  cat "$work/e/report.html"
  cat << 'SCRIPT'
<script>
addEventListener("load", async () => {
  const wait = () => new Promise((done) => setTimeout(done, 60)), seen = [];
  const slide = document.getElementById("what-if-reject");
  const counts = () => [...document.querySelectorAll("[data-live]")].map((cell) => cell.textContent).join(" ");
  for (const position of [50, 200, 400, 600, 900]) {
    slide.value = position;
    slide.dispatchEvent(new Event("input"));
    await wait();
    seen.push("point " + document.getElementById("what-if-options").textContent + " : " + counts());
  }
  for (const button of document.querySelectorAll("button.cell")) {
    button.click();
    await wait();
    const pictures = document.querySelectorAll("#cell-list img");
    seen.push("cell " + button.textContent + " : " + document.getElementById("cell-title").textContent + " : "
      + [...document.querySelectorAll("#cell-list bdi")].map((name) => name.textContent).join(" ") + " : "
      + [...pictures].filter((image) => image.naturalWidth > 0).length);
    document.getElementById("cell").close();
  }
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = seen.join("\n");
  document.body.append(out);
});
</script>
SCRIPT
} > "$work/e/driven.html"
browse --dump-dom "file://$work/e/driven.html" | sed -n '/<pre id="seen">/,/<\/pre>/p' | sed 's/<[^>]*>//g; s/&gt;/>/g' > "$work/seen"
[ -s "$work/seen" ] || { echo "FAILED: the page's script did not run"; exit 1; }

points=0
while IFS= read -r line; do
  options=$(printf '%s' "$line" | sed 's/^point //; s/ : .*//')
  page=$(printf '%s' "$line" | sed 's/.* : //')
  # shellcheck disable=SC2086
  "$assay" evaluate Datasets/washers --model Models/washers.onnx --out "$work/p" -q $options > /dev/null
  program=$(awk -F'"decision":"|"' '/^{"id"/ {
      match($0, /"decision":"[a-z]*"/); verdict = substr($0, RSTART + 12, RLENGTH - 13)
      match($0, /"id":"[^"]*"/); kind = substr($0, RSTART, RLENGTH) ~ /\/good/ ? "good" : "bad"
      n[kind verdict]++ }
    END { print n["badreject"] + 0, n["badreview"] + 0, n["badaccept"] + 0, n["goodaccept"] + 0, n["goodreview"] + 0, n["goodreject"] + 0 }' \
    "$work/p/decisions.jsonl")
  [ "$page" = "$program" ] || { echo "FAILED: with $options the page says $page, the program $program"; exit 1; }
  points=$((points + 1))
done << POINTS
$(grep '^point' "$work/seen")
POINTS
[ "$(grep '^point' "$work/seen" | sed 's/.* : //' | sort -u | wc -l)" -gt 2 ] || { echo "FAILED: the counts do not change"; exit 1; }

# Each cell lists as many parts as it says, all of them with a picture, and of the class that it says.
cells=0
grep '^cell' "$work/seen" > "$work/cells"
while IFS= read -r line; do
  count=$(printf '%s' "$line" | sed 's/^cell //; s/ : .*//')
  ids=$(printf '%s' "$line" | awk -F' : ' '{ print $3 }')
  pictures=$(printf '%s' "$line" | awk -F' : ' '{ print $4 }')
  class=$(printf '%s' "$line" | awk -F' : ' '{ print $2 }' | sed 's/,.*//')
  [ "$(printf '%s\n' $ids | wc -l)" = "$count" ] && [ "$pictures" = "$count" ] || { echo "FAILED: $line"; exit 1; }
  for id in $ids; do
    case $id in */"$class"/*|"$class"/*|"$class"-*) ;; *) echo "FAILED: $id in the cell of $class"; exit 1 ;; esac
  done
  cells=$((cells + 1))
done < "$work/cells"
[ "$cells" -gt 5 ] || { echo "FAILED: $cells cells"; exit 1; }
[ $# -eq 0 ] || browse --screenshot="$1" "file://$work/e/report.html#reject=0.2&review=0.02" > /dev/null
echo "passed: $points positions of the slider agree with the program, $cells cells open their parts"
