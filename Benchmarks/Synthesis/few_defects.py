"""Makes a part set with few defects from one with many, to measure what synthetic defects are worth where real ones are
rare.

usage: few_defects.py MANIFEST.csv|FOLDER COUNT SEED OUT.csv
  takes a manifest, or a folder with train/CLASS/ and test/CLASS/ inside;
  keeps all good parts and the whole test split, and COUNT defects of each class from the training split, chosen by SEED;
  one of them goes to validation, whose own defects go.

Then, with five seeds of the classifier (an hour on two cores; results come one by one and are gone on with):
  assay synth train OUT.csv --out G.onnx --minutes 12 --seed 1
  assay synth evaluate OUT.csv --generator G.onnx --out useful/ --seeds 5 --count 400 --peers paste,relit
README's figures: magnetic tiles 10 1; NEU surfaces (no good ones, no masks) 15 and seeds 1 to 5, the generator --minutes 5
(12 for seed 1), and for each --seeds 2 (5 for seed 1) --count 200 without --peers.
"""
import csv
import os
import random
import sys


def pictures(folder):
    for split in ("train", "test"):
        for label in sorted(os.listdir(os.path.join(folder, split))):
            for name in sorted(os.listdir(os.path.join(folder, split, label))):
                yield {"image": os.path.join(split, label, name), "mask": "", "label": label, "split": split}


source, count, seed, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
if os.path.isdir(source):
    rows, here = list(pictures(source)), os.path.abspath(source)
else:
    rows, here = list(csv.DictReader(open(source))), os.path.dirname(os.path.abspath(source))
there = os.path.dirname(os.path.abspath(out))
kept = [r for r in rows if r["label"] == "good" or r["split"] == "test"]
draw = random.Random(seed)
for label in sorted({r["label"] for r in rows} - {"good"}):
    chosen = draw.sample([r for r in rows if r["label"] == label and r["split"] == "train"], count)
    chosen[-1]["split"] = "val"
    kept += chosen
with open(out, "w", newline="") as file:
    writer = csv.DictWriter(file, ["image", "mask", "label", "split"], lineterminator="\n")
    writer.writeheader()
    for row in kept:
        for field in ("image", "mask"):
            if row[field]:
                row[field] = os.path.relpath(os.path.join(here, row[field]), there)
        writer.writerow(row)
