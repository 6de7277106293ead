// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A module that simulated worlds spend their time in: optimised in debug builds as well, because
/// a test run plays hundreds of them.
func hotModule(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(
    name: name, dependencies: dependencies,
    swiftSettings: strict + [.unsafeFlags(["-O"], .when(configuration: .debug))])
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude,
    swiftSettings: strict)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "cognito-certd",
  products: [
    .executable(name: "cognito-certd", targets: ["cognito-certd"]),
    .executable(name: "cognito-certd-simulator", targets: ["cognito-certd-simulator"]),
    .executable(name: "cognito-certd-worlds", targets: ["cognito-certd-worlds"]),
    .executable(name: "cognito-certd-bench", targets: ["cognito-certd-bench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),

    hotModule("RolloutCore"),
    hotModule("LosslessJSON"),
    hotModule("POSIX"),
    hotModule("Redaction", ["POSIX"]),
    module("Narration", ["RolloutCore"]),
    module("Terminal", ["RolloutCore", "POSIX"]),
    hotModule("Reconciliation", ["RolloutCore", "Narration", "POSIX"]),
    module("Configuration", ["RolloutCore", "POSIX", "Redaction", yams]),
    hotModule("Transport", ["POSIX", "Redaction", "CCurl", "COpenSSL"]),
    hotModule(
      "AWSWire",
      ["RolloutCore", "Reconciliation", "Transport", "LosslessJSON", "POSIX", "Redaction"]),
    module("EdgeProbe", ["RolloutCore", "Reconciliation", "POSIX", "COpenSSL"]),
    module(
      "StateStore", ["RolloutCore", "Reconciliation", "LosslessJSON", "POSIX", grdb, sqlite]),
    module(
      "Service",
      [
        "RolloutCore", "Narration", "Reconciliation", "Configuration", "AWSWire", "EdgeProbe",
        "StateStore", "Terminal", "Transport", "LosslessJSON", "POSIX", "Redaction", logging,
        lifecycle, signals,
      ]),
    program(
      "cognito-certd",
      [
        "Service", "AWSWire", "Configuration", "Reconciliation", "RolloutCore", "StateStore",
        "Terminal", "LosslessJSON", "POSIX", "Redaction", arguments,
      ]),

    hotModule("VirtualTime", ["POSIX", "RolloutCore", "Reconciliation"]),
    hotModule(
      "SimulatedAWS",
      ["RolloutCore", "EdgeProbe", "Transport", "LosslessJSON", "POSIX", "COpenSSL"]),
    module(
      "SimulatedWorld",
      [
        "SimulatedAWS", "VirtualTime", "RolloutCore", "Narration", "Reconciliation", "AWSWire",
        "EdgeProbe", "StateStore", "Transport", "LosslessJSON", "POSIX",
      ]),
    program(
      "cognito-certd-simulator",
      ["SimulatedAWS", "Transport", "LosslessJSON", "RolloutCore", "POSIX", arguments]),
    program("cognito-certd-worlds", ["SimulatedWorld", arguments]),
    program(
      "cognito-certd-bench",
      ["SimulatedAWS", "Transport", "LosslessJSON", "RolloutCore", "POSIX"]),

    .target(
      name: "TestSupport", dependencies: ["POSIX"], path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("RolloutCoreTests", ["RolloutCore", "Narration"]),
    tests("LosslessJSONTests", ["LosslessJSON"]),
    tests("RedactionTests", ["Redaction"]),
    tests("TerminalTests", ["Terminal", "RolloutCore", "POSIX"]),
    tests("POSIXTests", ["POSIX", "TestSupport"]),
    tests(
      "ReconciliationTests",
      ["Reconciliation", "RolloutCore", "Narration", "POSIX", "VirtualTime"]),
    tests("VirtualTimeTests", ["VirtualTime", "POSIX", "Reconciliation", "RolloutCore"]),
    tests(
      "ConfigurationTests", ["Configuration", "RolloutCore", "TestSupport"],
      exclude: ["Fixtures"]),
    tests("TransportTests", ["Transport", "POSIX", "Redaction", "TestSupport"]),
    tests(
      "AWSWireTests",
      [
        "AWSWire", "Transport", "LosslessJSON", "POSIX", "RolloutCore", "Reconciliation",
        "SimulatedAWS", "TestSupport",
      ],
      exclude: ["Vectors"]),
    tests("MotoTests", ["AWSWire", "Transport", "RolloutCore", "TestSupport"]),
    tests(
      "EdgeProbeTests",
      [
        "EdgeProbe", "RolloutCore", "Reconciliation", "SimulatedAWS", "TestSupport", "POSIX",
        "COpenSSL",
      ]),
    tests(
      "StateStoreTests", ["StateStore", "RolloutCore", "Reconciliation", "TestSupport", grdb]),
    tests(
      "ServiceTests",
      [
        "Service", "Configuration", "RolloutCore", "Narration", "Reconciliation", "LosslessJSON",
        "Terminal", "TestSupport", logging,
      ],
      exclude: ["journald-alone"]),
    tests(
      "SimulatedAWSTests",
      ["SimulatedAWS", "RolloutCore", "LosslessJSON", "Transport", "TestSupport"],
      exclude: ["Vectors"]),
    tests("SimulatedWorldTests", ["SimulatedWorld", "Narration", "POSIX", "RolloutCore"]),
    tests("SourceRulesTests", []),
    tests(
      "EndToEndTests",
      [
        "LosslessJSON", "POSIX", "RolloutCore", "Narration", "Reconciliation", "Transport",
        "StateStore", "TestSupport", grdb,
      ]),
  ],
  swiftLanguageModes: [.v6]
)
