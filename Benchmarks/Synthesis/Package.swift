// swift-tools-version:6.2
import PackageDescription

let package = Package(
  name: "Synthesis",
  dependencies: [.package(name: "assay", path: "../..")],
  targets: [
    .executableTarget(
      name: "GeneratorStep",
      dependencies: [.product(name: "AssaySynthesis", package: "assay")],
      swiftSettings: [.swiftLanguageMode(.v6)])
  ]
)
