import Configuration
import Glibc
import TestSupport

/// The files that the tests read, and helpers to read and write files.
enum Fixtures {
  /// The environment in which the tests' configuration files are read.
  static let environment = [
    "SECRET": "s3cr3t-Value", "LINES": "s3cr3t\nlines", "EMPTY": "", "POOL": "eu-west-1_Ab12Cd34E",
    "LONG_NAME_2": "auth.example.com", "INTERVAL": "10m", "COUNT": "4", "EDGE": "edge.example.net",
    "FIXTURES": directory, "EXTERNAL_ID": "from/the:environment",
    "STATE_DIRECTORY": "/var/lib/first:/var/lib/second",
  ]

  static let directory = path(beside: "Fixtures")

  /// The path of a file in the directory of the tests.
  static func path(beside name: String, test: String = #filePath) -> String {
    let parts = test.split(separator: "/").dropLast()
    return "/" + parts.joined(separator: "/") + "/" + name
  }

  /// The names of the files in a directory, sorted.
  static func names(in directory: String) -> [String] {
    do {
      return try TestSupport.names(in: directory).filter { !$0.hasPrefix(".") }
    } catch {
      return []
    }
  }

  /// nil when there is no such file.
  static func bytes(of path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  static func text(of path: String) -> String? {
    bytes(of: path).map { String(decoding: $0, as: UTF8.self) }
  }

  static func write(_ bytes: [UInt8], to path: String) -> Bool {
    guard let file = fopen(path, "w") else { return false }
    let count = fwrite(bytes, 1, bytes.count, file)
    return fclose(file) == 0 && count == bytes.count
  }

  /// Creates a directory that no other test uses, and removes it with its content afterwards.
  static func withDirectory<Value>(_ body: (String) throws -> Value) throws -> Value {
    let directory = try TemporaryDirectory()
    return try withExtendedLifetime(directory) { try body(directory.path) }
  }
}

/// The result of reading a configuration.
enum Outcome {
  case configuration(Configuration)
  case problems([ConfigurationProblem])

  init(_ body: () throws(InvalidConfiguration) -> Configuration) {
    do throws(InvalidConfiguration) {
      self = .configuration(try body())
    } catch {
      self = .problems(error.problems)
    }
  }

  /// Parses a text; the fixtures are the only files that exist.
  init(
    parsing text: String, environment: [String: String] = Fixtures.environment
  ) {
    self.init(parsing: Array(text.utf8), environment: environment)
  }

  init(parsing bytes: [UInt8], environment: [String: String] = Fixtures.environment) {
    self.init { () throws(InvalidConfiguration) in
      try ConfigurationLoader.parse(
        text: bytes, path: "config.yaml", environment: environment,
        unreadableReason: { $0.hasPrefix(Fixtures.directory) ? nil : "does not exist" })
    }
  }

  var configuration: Configuration? {
    if case .configuration(let configuration) = self { return configuration }
    return nil
  }

  var problems: [ConfigurationProblem] {
    switch self {
    case .configuration(let configuration): configuration.warnings
    case .problems(let problems): problems
    }
  }

  var lines: [String] { problems.map(\.description) }
}
