// swift-tools-version:6.2
import PackageDescription

let package = Package(
  name: "TrainingStep",
  dependencies: [.package(name: "assay", path: "../..")],
  targets: [
    .executableTarget(
      name: "TrainingStep",
      dependencies: [.product(name: "AssayTraining", package: "assay")],
      swiftSettings: [.swiftLanguageMode(.v6)])
  ]
)
