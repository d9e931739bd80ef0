// swift-tools-version:6.2
import PackageDescription

let package = Package(
  name: "RunNetwork",
  dependencies: [.package(name: "assay", path: "../..")],
  targets: [
    .executableTarget(
      name: "RunNetwork",
      dependencies: [.product(name: "AssayGraphs", package: "assay")],
      swiftSettings: [.swiftLanguageMode(.v6)])
  ]
)
