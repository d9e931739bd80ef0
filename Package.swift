// swift-tools-version:6.2
import PackageDescription

/// One block for every Swift target: Swift 6, explicit imports, strict memory safety, no warnings.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  // Row accessors hand out spans whose lifetime is the image's (`@_lifetime`).
  .enableExperimentalFeature("Lifetimes"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

let package = Package(
  name: "assay",
  products: [
    .executable(name: "assay", targets: ["assay"]),
    // For the packages under Benchmarks.
    .library(name: "AssayTraining", targets: ["Tensors", "Layers"]),
    .library(name: "AssayGraphs", targets: ["Graphs"]),
    .library(name: "AssaySynthesis", targets: ["Synthesis", "Samples"]),
    .library(name: "AssayCapture", targets: ["Capture", "Imaging"]),
    .library(name: "AssayMetrics", targets: ["Metrics"]),
  ],
  dependencies: [
    // ONNX is protocol buffers. Without its default traits the library needs FoundationEssentials only.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    // C: system libraries and our own shims over them.
    .target(
      name: "CCodecs", dependencies: ["CFrames"],
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg"), .linkedLibrary("tiff")]),
    .target(name: "CPixels"),
    .target(name: "CV4L2"),
    .target(name: "CFrames"),
    .target(name: "CVideo", linkerSettings: [.linkedLibrary("v4lconvert")]),
    .target(name: "CTiles"),
    .target(name: "CKernels", dependencies: ["CTiles"]),
    .target(name: "CWinograd"),
    .target(name: "CTransformer"),
    .target(name: "CChannels"),
    .target(name: "CQuantized", dependencies: ["CTiles"]),
    .target(name: "CDNN", linkerSettings: [.linkedLibrary("dnnl")]),
    .target(name: "CLocating"),
    .target(name: "COpenBLAS"),
    .target(name: "COutputs"),
    .systemLibrary(name: "CCairo", providers: [.apt(["libcairo2-dev"])]),
    .systemLibrary(name: "CYaml", providers: [.apt(["libyaml-dev"])]),

    // Swift, lowest layer first. Imports go one way: a module only sees those above it in this list.
    module("Threads"),
    module("Recipes", ["CYaml"]),
    module("Service"),
    module("Outputs", ["COutputs", "Threads"]),
    module("Imaging", ["CCodecs", "CPixels", "CCairo"]),
    module("Capture", ["Imaging", "Threads", "CFrames", "CVideo", "CV4L2"]),
    module("Locating", ["Imaging", "CLocating"]),
    module("Tensors", ["CDNN", "CKernels", "COpenBLAS"]),
    module("Layers", ["Tensors"]),
    module(
      "Graphs", ["CDNN", "CWinograd", "CTransformer", "CChannels", "CQuantized", protobuf],
      exclude: ["Protobuf/onnx.proto"]),
    module("Metrics"),
    module("Samples", ["Imaging", "Metrics", "Threads"]),
    module("Classification", ["Imaging", "Tensors", "Layers", "Graphs", "Metrics", "Samples", "Threads"]),
    module("Synthesis", ["Imaging", "Tensors", "Layers", "Graphs", "Metrics", "Samples", "Threads"]),
    module(
      "Inspection",
      ["Imaging", "Metrics", "Samples", "Graphs", "Classification", "Threads", "Capture", "Locating", crypto]),
    module("Reporting", ["Inspection", "Imaging", "Metrics"]),
    .executableTarget(
      name: "assay",
      dependencies: [
        "Imaging", "Capture", "Locating", "Outputs", "Recipes", "Service", "Threads", "Tensors", "Layers", "Graphs",
        "Metrics", "Samples",
        "Classification", "Synthesis", "Inspection", "Reporting", arguments,
        crypto,
      ],
      swiftSettings: strict),

    tests("RecipesTests", ["Recipes", "FileTestSupport"]),
    tests("ServiceTests", ["Service", "FileTestSupport"]),
    tests("ImagingTests", ["Imaging"]),
    .executableTarget(
      name: "cameracheck", dependencies: ["Capture", "Imaging"], path: "Tests/VirtualCamera/cameracheck",
      swiftSettings: strict),
    tests("CaptureTests", ["Capture", "Imaging", "Threads", "CFrames", "CCodecs", "FileTestSupport"]),
    tests("LocatingTests", ["Locating", "Imaging", "CLocating"]),
    .target(
      name: "TensorsTestSupport", dependencies: ["Tensors"], path: "Tests/TensorsTestSupport", swiftSettings: strict),
    tests(
      "TensorsTests", ["Tensors", "Layers", "CDNN", "CKernels", "TensorsTestSupport"], resources: [.copy("Goldens")]),
    tests("LayersTests", ["Layers", "Tensors", "TensorsTestSupport"], resources: [.copy("Goldens")]),
    tests(
      "GraphsTests", ["Graphs", "CDNN", "CWinograd", "CTransformer", "CChannels", "CQuantized", protobuf],
      exclude: ["Support/goldens.py", "Support/benchmark.py", "Support/torch_models.py"]),
    .target(name: "FileTestSupport", path: "Tests/FileTestSupport", swiftSettings: strict),
    // A program that the tests kill at random moments.
    .executableTarget(
      name: "OutputsTestProgram", dependencies: ["Outputs"], path: "Tests/OutputsTestProgram", swiftSettings: strict),
    tests("OutputsTests", ["Outputs", "FileTestSupport", "OutputsTestProgram"]),
    tests("MetricsTests", ["Metrics"]),
    tests("SamplesTests", ["Samples", "Imaging"]),
    tests(
      "ClassificationTests",
      ["Classification", "Inspection", "Samples", "Imaging", "Graphs", "Layers", "Tensors", "Metrics"]),
    tests("SynthesisTests", ["Synthesis", "Samples", "Imaging", "Layers", "Tensors", "FileTestSupport"]),
    tests(
      "InspectionTests",
      [
        "Inspection", "Capture", "Locating", "Classification", "Graphs", "Samples", "Imaging", "Metrics",
        "FileTestSupport",
      ]),
    tests(
      "AssayTests", ["assay", "Classification", "Inspection", "Graphs", "Samples", "Imaging", "FileTestSupport"]),
    tests("ReportingTests", ["Reporting", "Inspection", "Imaging", "Metrics"]),
  ],
  cxxLanguageStandard: .cxx17
)
