// swift-tools-version:6.2
import PackageDescription

let package = Package(
  name: "Conformance",
  dependencies: [.package(name: "assay", path: "../..")],
  targets: [
    .executableTarget(
      name: "Conformance",
      dependencies: [.product(name: "AssayGraphs", package: "assay")],
      swiftSettings: [.swiftLanguageMode(.v6)])
  ]
)
