// swift-tools-version:6.2
import PackageDescription

let package = Package(
  name: "Allocations",
  dependencies: [
    .package(name: "assay", path: "../.."),
    .package(name: "TrainingStep", path: "../TrainingStep"),
  ],
  targets: [
    .target(name: "CAllocations"),
    .executableTarget(
      name: "Allocations",
      dependencies: [
        "CAllocations",
        .product(name: "AssayGraphs", package: "assay"),
        .product(name: "AssayTraining", package: "assay"),
        .product(name: "TrainingNetworks", package: "TrainingStep"),
      ],
      swiftSettings: [.swiftLanguageMode(.v6)],
      // So that call sites in the program have names.
      linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]),
    .testTarget(
      name: "CAllocationsTests", dependencies: ["CAllocations"], swiftSettings: [.swiftLanguageMode(.v6)]),
  ]
)
