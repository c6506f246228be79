// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
]

/// Targets that parse bytes from files also mark every unsafe construct.
let strictSettings = swiftSettings + [.strictMemorySafety()]

let cSettings: [CSetting] = [
  .enableWarning("all"), .enableWarning("extra"), .disableWarning("psabi"), .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = [], strict: Bool = false) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict ? strictSettings : swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swiftSettings)
}

let package = Package(
  name: "swift-quamba",
  products: [
    .executable(name: "quamba", targets: ["quamba"]),
    .executable(name: "quamba-run", targets: ["quamba-run"]),
    .library(name: "PlanRuntime", targets: ["PlanRuntime"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    .systemLibrary(name: "CJSONC", pkgConfig: "json-c", providers: [.apt(["libjson-c-dev"])]),
    .target(name: "CKernels", cSettings: cSettings),
    .target(name: "CWriteback", cSettings: cSettings),
    .target(name: "CCountingAllocator", cSettings: cSettings),
    .target(name: "CCalibrationText", exclude: ["text.txt"], cSettings: cSettings),

    library("Diagnostics"),
    library("WorkSharing"),
    library("Files", ["Diagnostics", "CWriteback"]),
    library("JSONText", ["CJSONC"], strict: true),
    library("Digests", [.product(name: "Crypto", package: "swift-crypto")], strict: true),
    library("Safetensors", ["JSONText", "Files"], strict: true),
    library("PickledTensors", ["Files"], strict: true),
    library("Tokenization", ["PlanFormat"], strict: true),
    library("IR", ["Diagnostics"]),
    library(
      "Frontend",
      [
        "IR", "Safetensors", "PickledTensors", "JSONText", "Tokenization", "Files", "Diagnostics",
        "WorkSharing", "CKernels",
      ]),
    library("Passes", ["IR", "Diagnostics"]),
    library("PlanFormat", strict: true),
    library("Backend", ["IR", "PlanFormat", "CKernels", "Diagnostics", "WorkSharing"]),
    library("PlanRuntime", ["PlanFormat", "CKernels"]),
    library("Generation", ["PlanRuntime", "Tokenization"]),
    library("Calibration", ["PlanRuntime", "PlanFormat", "JSONText", "Digests", "CKernels"]),
    library("Evaluation", ["PlanRuntime", "PlanFormat", "JSONText", "CKernels"]),
    library(
      "CompilerDriver",
      [
        "Diagnostics", "Files", "JSONText", "Digests", "Safetensors", "Tokenization", "IR", "Frontend",
        "Passes", "WorkSharing",
        "PlanFormat", "Backend", "PlanRuntime", "Calibration", "Evaluation", "CCalibrationText",
      ]),
    library(
      "Sensitivity",
      [
        "CompilerDriver", "Passes", "Calibration", "Evaluation", "Frontend", "Diagnostics", "PlanRuntime",
        "Files", "JSONText",
      ]),
    library(
      "Report", ["CompilerDriver", "Calibration", "Diagnostics", "PlanFormat", "PlanRuntime", "JSONText"]),
    .executableTarget(
      name: "quamba",
      dependencies: [
        "CompilerDriver", "Report", "Sensitivity", "Diagnostics", "Files", "JSONText", "Passes",
        "Tokenization",
        "PlanRuntime",
        "Generation",
        "Calibration", "Evaluation",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: swiftSettings),
    .executableTarget(
      name: "quamba-run", dependencies: ["PlanRuntime", "Generation"], swiftSettings: swiftSettings),

    .executableTarget(
      name: "count-allocations",
      dependencies: ["PlanRuntime", "PlanFormat", "Generation", "CCountingAllocator"],
      swiftSettings: swiftSettings),

    // What damages and fuzzes files; built with the tests.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "CompilerDriver", "Calibration", "Digests", "Files", "Frontend", "Generation", "IR", "JSONText",
        "Passes",
        "PickledTensors", "PlanFormat", "PlanRuntime", "Safetensors", "Tokenization",
      ], path: "Tests/Fuzz/Targets", swiftSettings: swiftSettings),
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Runner", swiftSettings: swiftSettings),
    .executableTarget(
      name: "damage",
      dependencies: [
        "FuzzTargets", "CompilerDriver", "Calibration", "PlanFormat", "PlanRuntime", "Safetensors",
      ], path: "Tests/Damage", swiftSettings: swiftSettings),
    tests("FuzzTests", ["FuzzTargets", "JSONText"]),
    // Runs recorded calls; ArmTests compile the same sources for Arm.
    .executableTarget(
      name: "replay", dependencies: ["CKernels"], path: "Tests/Arm", cSettings: cSettings,
      linkerSettings: [.linkedLibrary("m")]),
    tests("ArmTests", ["CompilerDriver", "PlanRuntime", "Passes", "CKernels"]),

    tests("JSONTextTests", ["JSONText"]),
    tests("SafetensorsTests", ["Safetensors", "JSONText"], exclude: ["Fixtures"]),
    tests("PickledTensorsTests", ["PickledTensors"], exclude: ["Fixtures"]),
    tests("DigestsTests", ["Digests"]),
    tests("TokenizationTests", ["Tokenization", "Frontend", "JSONText"], exclude: ["Fixtures"]),
    tests("KernelTests", ["CKernels"]),
    tests("PlanFormatTests", ["PlanFormat"]),
    tests("PlanRuntimeTests", ["PlanRuntime", "PlanFormat", "Generation", "Tokenization"]),
    tests("CalibrationTests", ["Calibration", "PlanRuntime", "PlanFormat", "JSONText", "Digests"]),
    tests("IRTests", ["IR", "Diagnostics", "JSONText"]),
    tests("PassTests", ["Passes", "IR", "Diagnostics"], exclude: ["Golden", "GoldenKept"]),
    tests("BackendTests", ["Backend", "CKernels", "Diagnostics", "IR", "JSONText"]),
    tests(
      "AccuracyTests",
      ["CompilerDriver", "Calibration", "Evaluation", "IR", "Passes", "JSONText", "Safetensors"]),
    tests(
      "DriverTests",
      [
        "CompilerDriver", "Calibration", "Files", "Frontend", "IR", "Passes", "PlanRuntime", "PlanFormat",
        "Generation", "Safetensors", "Diagnostics", "Digests", "Evaluation", "JSONText", "Report",
        "Tokenization",
      ]),
    tests("FrontendTests", ["Frontend", "IR", "Diagnostics", "Safetensors", "JSONText"]),
    tests("CommandTests", ["JSONText", "Safetensors"]),
    tests("EvaluationTests", ["Evaluation", "PlanRuntime", "PlanFormat", "JSONText"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)
