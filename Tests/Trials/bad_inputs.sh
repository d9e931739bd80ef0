#!/bin/bash
# A folder of a hundred inputs, nearly all of them bad: none may crash or hang the program, none may be accepted that was
# not judged, each has one decision, and the counts add up.
. "$(dirname "$0")/lib.sh"
washers
mkdir in
png=$(ls washers/test/good/*.png | head -1)

# From Pillow 12: Image.save of a 24 x 24 ramp as 1-bit PNG (of noise), CMYK JPEG, 16-bit LZW TIFF, progressive JPEG.
onebit=iVBORw0KGgoAAAANSUhEUgAAABgAAAAYAQAAAADIDABVAAAAa0lEQVR4nAFgAJ//AOB/9gSO4hEC+S61As9Q1wLe/CcAq7svARDM6QIPQ9ICFu4CAbYPAQTX96sCQ/onAssyxQDkAcsB26r6AOlr+wLk1KsB/Lb+AtEWyABE8TsAlt2yANBt7gJWGCcCIfdECB4qpvHgRkAAAAAASUVORK5CYII=
cmyk=/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBKUVJP/8AAFAgAGAAYBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD06vTq9OriNJ/hooorttI/hooort9J/hooorxLSf4aKKK7bSP4aKKK7fSf4aKKK8S0n+Giiiu20j+Giiiu30n+Gv/Z
tiff16=SUkqAG4BAACAAAAAsFhYLCEQiwWDcbkIhE0mlgsGMxm43Hk8oVCpBIJtNqZTLFYrxeMdjtJpN1uuh0PN5v9/wKCQaEQqGQ6IRKKRaMRqOR6QSKSSaUSqWS6YTKCweEwuGw+IxOKxeMxuOx+QyOSyeUyuWy+YwOlzWnTiozuqT6r0GtUSu0ewUqaU2b1CdVOe1agVmh1yjV+k2K5zanzmpTyqz+sUKt0WvUiwzOmYSzXfEWq94y3X/IXLJ2W7Ye03rF22/Y+44LP3XDWi84q2X3HXDA5Kyayz3jE2u+Y234DI2O6YXc5fSbHfZzU7bh5XRa/eZrT7Tg4PQa3dZjS7Lf53VbfiZbR7De5vUbXhZTQ67d5nTbPgZ7wc72drkebqfLm+vs8fyum+Lvv27DjPI6T4O85j1QI8bove7rlvS67iwa9zuOU9DrNw8ToQs5Lzuq1bwue9rtw+/MBQXCkOxM/EAwVCcORK+8AMggIACQAAAQMAAQAAABgAAAABAQMAAQAAABgAAAACAQMAAQAAABAAAAADAQMAAQAAAAUAAAAGAQMAAQAAAAEAAAARAQQAAQAAAAgAAAAWAQMAAQAAABgAAAAXAQQAAQAAAGUBAAAcAQMAAQAAAAEAAAAAAAAA
jpeg=/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//wgALCAAYABgBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAABQb/2gAIAQEAAAABDbciG3Ihtz//xAAVEAEBAAAAAAAAAAAAAAAAAAAAA//aAAgBAQABBQKSSSSSSSST/8QAFBABAAAAAAAAAAAAAAAAAAAAMP/aAAgBAQAGPwIf/8QAFRABAQAAAAAAAAAAAAAAAAAAAEH/2gAIAQEAAT8hlKUpSlKX/9oACAEBAAAAENt//8QAFBABAAAAAAAAAAAAAAAAAAAAMP/aAAgBAQABPxASCCP/2Q==
# A 4 x 4 BMP, and headers that declare 60,000 x 60,000 pixels, each with its format's checks in order.
bmp=Qk1mAAAAAAAAADYAAAAoAAAABAAAAAQAAAABABgAAAAAADAAAAAAAAAAAAAAAAAAAAAAAAAAAAUKDxQZHiMoLTI3PEFGS1BVWl9kaW5zeH2Ch4yRlpugpaqvtLm+w8jN0tfc4ebr
hugepng=iVBORw0KGgoAAAANSUhEUgAA6mAAAOpgCAIAAAAPsOIV
hugebmp=Qk3oAwAAAAAAADYAAAAoAAAAYOoAAGDqAAABABgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
hugetiff=SUkqAAgAAAAJAAABBAABAAAAYOoAAAEBBAABAAAAYOoAAAIBAwABAAAACAAAAAMBAwABAAAAAQAAAAYBAwABAAAAAQAAABEBBAABAAAACAAAABUBAwABAAAAAQAAABYBBAABAAAAYOoAABcBBAABAAAAZAAAAAAAAAA=
hugejpeg=/9j/4AAQSkZJRgABAQAAAQABAAD/wAALCOpg6mABAREA

# Real pictures: the only ones that may be judged.
real=(good 1bit cmyk tiff16 progressive bmp png-called-jpg jpg-called-png ' blanks ' "quotes \"'" '<img src=x>' -rf '*' '$(x)')
cp "$png" in/good.png
echo $onebit | base64 -d >in/1bit.png
echo $cmyk | base64 -d >in/cmyk.jpg
echo $tiff16 | base64 -d >in/tiff16.tif
echo $jpeg | base64 -d >in/progressive.jpeg
echo $bmp | base64 -d >in/bmp.BMP
cp "$png" in/png-called-jpg.jpg
cp in/progressive.jpeg in/jpg-called-png.png
for name in ' blanks ' "quotes \"'" '<img src=x>' '-rf' '*' '$(x)'; do cp "$png" "in/$name.png"; done
cp "$png" "in/$(printf 'line\nbreak').png"
cp "$png" "in/$(printf 'bytes\377\303').png"
cp "$png" "in/$(printf 'bytes\376\303').png"
cp "$png" "in/$(printf 'x%.0s' $(seq 251)).png"
judged=$((${#real[@]} + 4))

# Empty, cut short at several lengths, damaged.
for e in png jpg bmp tif; do : >"in/empty-$e.$e"; done
cut() { # FILE EXTENSION LENGTHS...
  local file=$1 e=$2
  shift 2
  for n in "$@"; do head -c "$n" "$file" >"in/cut-$e-$n.$e"; done
}
size=$(stat -c %s "$png")
cut "$png" png 1 7 8 20 33 40 100 $((size / 4)) $((size / 2)) $((size * 3 / 4)) $((size - 30)) $((size - 13))
cut in/progressive.jpeg jpg 1 2 3 20 60 110 150 200 260 290
cut in/tiff16.tif tif 2 4 8 100 300 366 400 450
cut in/bmp.BMP bmp 1 2 14 30 54 80 101
for at in 20 40 60 120 200 400 700 1000 1500 2000; do
  cp "$png" "in/flipped-$at.png"
  byte=$(od -An -tu1 -j$at -N1 "$png")
  printf "\\x$(printf %02x $((byte ^ 16)))" | dd of="in/flipped-$at.png" bs=1 seek=$at conv=notrunc status=none
done

# Not pictures, whatever the name says.
echo 'hello' >in/text.png
echo '<html><body>404</body></html>' >in/page.jpg
printf 'GIF89a\1\0\1\0\0\0\0;' >in/gif.png
printf 'RIFF\44\0\0\0WEBPVP8 ' >in/webp.jpg
printf '%%PDF-1.4\n' >in/document.tif
printf 'MZ\220\0' >in/program.bmp
head -c 5000 "$assay" >in/elf.png
head -c 5000 /dev/zero >in/zeros.png
tr '\0' '\377' </dev/zero | head -c 5000 >in/ones.jpg
printf 'II*\0\10\0\0\0' >in/nothing-behind.tif
printf 'II*\0\10\0\0\0\0\0\10\0\0\0' >in/circle.tif
echo $hugepng | base64 -d >in/huge.png
echo $hugebmp | base64 -d >in/huge-bmp.bmp
echo $hugetiff | base64 -d >in/huge-tiff.tif
echo $hugejpeg | base64 -d >in/huge-jpeg.jpg
(echo $hugepng | base64 -d; head -c 300000 /dev/zero) >in/huge-long.png
truncate -s 20G in/sparse20G.png
truncate -s 1500M in/sparse1500M.png

# Not files.
mkdir in/folder.png
mkdir -p in/folder-with-picture.jpg && cp "$png" in/folder-with-picture.jpg/inner.png
mkfifo in/fifo.png in/fifo2.jpg
ln -s /nowhere in/broken.png
ln -s loop.png in/loop.png
ln -s /dev/zero in/zero.png
ln -s /dev/random in/random.jpg
ln -s /dev/full in/full.png
ln -s /dev/tty in/terminal.png
ln -s ../in in/link-to-folder.png
ln -s /proc/self/mem in/memory.png
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "in/socket.png", Listen => 1)' || mkfifo in/socket.png
if [ "$(id -u)" = 0 ]; then
  skip 'unreadable by permission: root reads everything; run the trial as a user'
else
  cp "$png" in/locked.png && chmod 0 in/locked.png
fi

shopt -s nullglob dotglob
all=(in/*)
echo "${#all[@]} inputs, of which $judged are pictures"
before=$(milliseconds)
( ulimit -v 6000000; timeout -s KILL 120 "$assay" inspect in --model m.onnx --out run --json >summary 2>errors ); code=$?
echo "took $(($(milliseconds) - before)) ms"
same 'exit code' 3 $code
same 'lines' ${#all[@]} "$(count_decisions run/decisions.jsonl)"
same 'ids' ${#all[@]} "$(sed -nE 's/^\{"id":("([^"\\]|\\.)*").*/\1/p' run/decisions.jsonl | sort -u | wc -l)"
same 'whole lines' ${#all[@]} "$(grep -c '^{"id":.*}$' run/decisions.jsonl)"
same 'judged' $judged "$(grep '^{"id"' run/decisions.jsonl | grep -cv '"label":"unreadable"')"
same 'unreadable ones with a reason' $((${#all[@]} - judged)) \
  "$(grep '"decision":"reject","label":"unreadable","score":null,"scores":{},"regions":\[\],"reasons":\["..*"\]' run/decisions.jsonl | wc -l)"
same 'accepted without scores' 0 "$(grep '"decision":"accept"' run/decisions.jsonl | grep -c '"scores":{}')"
for name in "${real[@]}"; do
  id=${name//\"/\\\"}
  line=$(grep -F "{\"id\":\"$id\"" run/decisions.jsonl || grep -F "{\"id\":\"$id." run/decisions.jsonl)
  case $line in *'"label":"unreadable"'* | '') bad "judged: $name ($line)" ;; esac
done
number() { grep -oE "\"$1\": ?[0-9]+" summary | head -1 | grep -oE '[0-9]+$'; }
same 'captured' ${#all[@]} "$(number captured)"
same 'captured = judged' "$(number captured)" "$(number judged)"
same 'accept + review + reject' "$(number judged)" $(($(number accept) + $(number review) + $(number reject)))
same 'unreadable' $((${#all[@]} - judged)) "$(number unreadable)"
check 'CSV has them all' test "$(grep -ac . run/decisions.csv)" -ge $((${#all[@]} + 1))
same 'annotated pictures' ${#all[@]} "$(find run/annotated -type f -name '*.jpg' -print0 | tr -cd '\0' | wc -c)"
check 'nothing half written' test -z "$(find run -name '*.part')"
check 'no markup from names in the report' test "$(grep -c '<img src=x>' run/report.html)" = 0

# Each on its own.
for f in in/fifo.png in/zero.png in/huge.png in/folder.png in/empty-png.png; do
  timeout -s KILL 20 "$assay" inspect "$f" --model m.onnx --out one --overwrite --quiet >out 2>errors; code=$?
  case $f in
    in/folder.png) same "$f alone: an empty folder" 1 $code ;;
    *) same "$f alone" 3 $code ;;
  esac
done
finish
