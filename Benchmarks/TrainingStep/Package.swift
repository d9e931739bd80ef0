// swift-tools-version:6.2
import PackageDescription

let package = Package(
  name: "TrainingStep",
  products: [
    // For the package that counts allocations.
    .library(name: "TrainingNetworks", targets: ["TrainingNetworks"])
  ],
  dependencies: [.package(name: "assay", path: "../..")],
  targets: [
    .target(
      name: "TrainingNetworks",
      dependencies: [.product(name: "AssayTraining", package: "assay")],
      swiftSettings: [.swiftLanguageMode(.v6)]),
    .executableTarget(
      name: "TrainingStep",
      dependencies: ["TrainingNetworks", .product(name: "AssayTraining", package: "assay")],
      swiftSettings: [.swiftLanguageMode(.v6)]),
  ]
)
