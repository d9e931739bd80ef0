// swift-tools-version:6.2
import PackageDescription

let package = Package(
  name: "ConvertFrames",
  dependencies: [.package(name: "assay", path: "../..")],
  targets: [
    .target(name: "CPeer", linkerSettings: [.linkedLibrary("v4lconvert")]),
    .executableTarget(
      name: "ConvertFrames",
      dependencies: ["CPeer", .product(name: "AssayCapture", package: "assay")],
      swiftSettings: [.swiftLanguageMode(.v6)]),
  ]
)
