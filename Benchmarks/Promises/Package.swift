// swift-tools-version:6.2
import PackageDescription

let package = Package(
  name: "Promises",
  dependencies: [.package(name: "assay", path: "../..")],
  targets: [
    .executableTarget(
      name: "Coverage",
      dependencies: [.product(name: "AssayMetrics", package: "assay")],
      swiftSettings: [.swiftLanguageMode(.v6)])
  ]
)
