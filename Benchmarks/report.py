"""Turns the JSON lines that the comparisons write into a report in Markdown.

usage: report.py RESULTS.jsonl > RESULTS.md

Each line is one of
  {"kind": "samples", "part", "item", "unit", "less_is_better", "rounds", "peers": {NAME: [...]}, "beside": [NAME, ...]}
      all measured values of each peer, taken in turns, round by round; `beside` names peers that do not enter the
      ratio, which is that of Assay to the best of the others
  {"kind": "counts", "part", "item", "runs", "counts": {NAME: ...}}
  {"kind": "note", "part", "item", "text"}
  {"kind": "failed", "part", "text"}
"""
import importlib.metadata
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

FLAGS = ["avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16"]
PEERS = ["torch", "torchvision", "onnxruntime", "openvino", "onnx", "numpy", "pillow", "opencv-python-headless",
         "onednn-cpu-gomp"]


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    fields = dict(line.split(":", 1) for line in info.split("\n\n")[0].splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    flags = fields.get("flags", "").split()
    yield "date", time.strftime("%Y-%m-%d")
    yield "processor", fields.get("model name", platform.processor())
    yield "instructions", " ".join(f for f in FLAGS if f in flags) + (
        "" if "avx512_bf16" in flags or "amx_bf16" in flags else " (no bf16)")
    yield "cores", str(info.count("processor\t"))
    yield "kernel", platform.release()
    yield "load before and after", load()
    assay = os.environ.get("ASSAY", pathlib.Path(__file__).parent / "../.build/release/assay")
    try:
        lines = subprocess.run([assay, "doctor"], capture_output=True, text=True, check=True).stdout.splitlines()
        facts = dict(line.split(None, 1) for line in lines if line)
        yield "Assay", facts["assay"]
        yield "oneDNN", facts["oneDNN"]
    except (OSError, KeyError, subprocess.CalledProcessError) as error:
        yield "Assay", f"unknown: {error}"
    yield "Python", platform.python_version()
    for name in PEERS:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass


def load():
    before = next((r["text"] for r in records if r["kind"] == "load"), "?")
    return f"{before}, {pathlib.Path('/proc/loadavg').read_text().split()[0]}"


def percentile(values, share):
    values = sorted(values)
    place = share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def row(cells):
    return "| " + " | ".join(cells) + " |"


def head(cells):
    return [row(cells), row(["---"] * len(cells))]


def ratio(record):
    medians = {name: statistics.median(values) for name, values in record["peers"].items()}
    others = [m for name, m in medians.items() if name != "Assay" and name not in record.get("beside", [])]
    if "Assay" not in medians or not others:
        return None
    return medians["Assay"] / (min(others) if record["less_is_better"] else max(others))


def samples(group):
    peers = list(dict.fromkeys(name for record in group for name in record["peers"]))
    unit, less = group[0]["unit"], group[0]["less_is_better"]
    yield f"In {unit}, {'less' if less else 'more'} is better: the median, and the 10th to the 90th percentile."
    yield ""
    yield from head(["", *peers, "Assay / best other", "rounds", "runs of each"])
    ratios = []
    for record in group:
        cells = []
        for name in peers:
            values = record["peers"].get(name)
            cells.append(f"{statistics.median(values):.2f} ({percentile(values, 0.1):.2f} to "
                         f"{percentile(values, 0.9):.2f})" if values else "-")
        own = ratio(record)
        ratios += [own] if own else []
        counts = sorted({len(values) for values in record["peers"].values()})
        yield row([record["item"], *cells, f"{own:.2f}" if own else "-", str(record["rounds"]),
                   " to ".join(str(c) for c in (counts if len(counts) == 1 else (counts[0], counts[-1])))])
    yield ""
    if len(ratios) > 1:
        mean = math.exp(statistics.fmean(math.log(r) for r in ratios))
        yield f"Geometric mean of Assay / best other: **{mean:.3f}**."
        yield ""
    yield "The peers took turns in every round."
    yield ""


def counts(group):
    names = list(group[0]["counts"])
    yield "For each run, after a warm-up: calls of malloc and its kin by whose code asks, and the bytes asked for."
    yield ""
    yield from head(["", *names, "runs"])
    for record in group:
        cells = [f"{record['counts'][name]['calls']:g} ({record['counts'][name]['bytes']:g} bytes)" for name in names]
        yield row([record["item"], *cells, str(record["runs"])])
    yield ""


records = [json.loads(line) for line in pathlib.Path(sys.argv[1]).read_text().splitlines() if line.strip()]
failed = [r for r in records if r["kind"] == "failed"]
lines = ["# Results", "", "Written by `make benchmark`; see CONTRIBUTING.md.", "", *head(["machine", ""])]
lines += [row(pair) for pair in machine()]
lines.append("")
if any(r["kind"] == "quick" for r in records):
    lines += ["**Of a quick trial with few rounds: the figures mean little.**", ""]
for record in failed:
    lines += [f"**Failed: {record['part']}.** {record['text']}", ""]
for part in dict.fromkeys(r["part"] for r in records if "part" in r and r["kind"] != "failed"):
    lines += [f"## {part}", ""]
    for kind, table in [("samples", samples), ("counts", counts)]:
        group = [r for r in records if r.get("part") == part and r["kind"] == kind]
        if group:
            lines += table(group)
    lines += [f"- {r['item']}: {r['text']}" for r in records if r.get("part") == part and r["kind"] == "note"] + [""]
while lines[-1] == "":
    lines.pop()
print("\n".join(line for line, after in zip(lines, lines[1:] + ["end"]) if line or after))
sys.exit(1 if failed else 0)
