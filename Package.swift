// swift-tools-version: 6.2
import PackageDescription

/// Held by every Swift target of the package.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
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

    module("RolloutCore"),
    module("JSONText"),
    module("Locking"),
    module("Narration", ["RolloutCore"]),
    module("Reconciliation", ["RolloutCore", "Narration", "Locking"]),
    module("Settings", ["RolloutCore", yams]),
    module("Transport", ["Locking", "CCurl", "COpenSSL"]),
    module("AWSWire", ["RolloutCore", "Reconciliation", "Transport", "JSONText", "Locking"]),
    module("EdgeProbe", ["RolloutCore", "Reconciliation", "Locking", "COpenSSL"]),
    module("StateStore", ["RolloutCore", "Reconciliation", "JSONText", grdb, sqlite]),
    module(
      "Service",
      [
        "RolloutCore", "Reconciliation", "Settings", "AWSWire", "EdgeProbe", "StateStore",
        "Transport", "JSONText", "Locking", logging, lifecycle, signals,
      ]),
    .executableTarget(
      name: "cognito-certd",
      dependencies: ["Service", "Settings", "RolloutCore", "StateStore", "JSONText", arguments],
      swiftSettings: strict),

    module(
      "Simulation",
      [
        "RolloutCore", "Reconciliation", "AWSWire", "EdgeProbe", "StateStore", "Transport",
        "JSONText", "Locking", "COpenSSL", logging,
      ]),
    .executableTarget(
      name: "cognito-certd-simulator",
      dependencies: [
        "Simulation", "Transport", "JSONText", "RolloutCore", "Locking", arguments,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "cognito-certd-bench",
      dependencies: ["Simulation", "JSONText", "RolloutCore"],
      swiftSettings: strict),

    tests("RolloutCoreTests", ["RolloutCore", "Narration"]),
    tests("SettingsTests", ["Settings", "RolloutCore"], exclude: ["Fixtures"]),
    tests(
      "AWSWireTests",
      [
        "AWSWire", "Transport", "JSONText", "Locking", "RolloutCore", "Reconciliation",
        "Simulation",
      ],
      exclude: ["Vectors"]),
    tests(
      "EdgeProbeTests", ["EdgeProbe", "RolloutCore", "Reconciliation", "Simulation"]),
    tests("StateStoreTests", ["StateStore", "RolloutCore", "Reconciliation", grdb]),
    tests("ServiceTests", ["Service", "RolloutCore", "Reconciliation", "JSONText", logging]),
    tests(
      "SimulationTests",
      ["Simulation", "RolloutCore", "Reconciliation", "StateStore", "JSONText", "Transport"],
      exclude: ["Vectors"]),
    tests(
      "EndToEndTests",
      [
        "JSONText", "Locking", "RolloutCore", "Reconciliation", "Transport", "StateStore", grdb,
      ]),
  ],
  swiftLanguageModes: [.v6]
)
