import Configuration
import Glibc
import Testing

/// Reads every file of Fixtures/invalid as `check` does; `NAME.d` has the files that `NAME.yaml`
/// includes. Its problems must equal the text of its `.expected` file. `UPDATE_SNAPSHOTS=1` writes
/// these files again.
@Suite("Invalid configuration files")
struct SnapshotTests {
  static let directory = Fixtures.directory + "/invalid"
  static let names = Fixtures.names(in: directory).filter { $0.hasSuffix(".yaml") }

  static let isUpdating = getenv("UPDATE_SNAPSHOTS").map { String(cString: $0) } == "1"

  static func expectedPath(of name: String) -> String {
    "\(directory)/\(name.dropLast(".yaml".count)).expected"
  }

  @Test("The problems of an invalid file are those of its snapshot", arguments: names)
  func snapshot(name: String) throws {
    let problems = Outcome { () throws(InvalidConfiguration) in
      try ConfigurationLoader.load(
        path: "\(Self.directory)/\(name)", environment: Fixtures.environment)
    }
    let lines = problems.lines.map { $0.replacing("\(Self.directory)/", with: "") + "\n" }
    let printed = lines.joined()
    let path = Self.expectedPath(of: name)
    if Self.isUpdating {
      #expect(Fixtures.write(Array(printed.utf8), to: path))
      return
    }
    let expected = try #require(Fixtures.text(of: path), "there is no \(path)")
    #expect(printed == expected)
    let isWarned = name.hasPrefix("warning-")
    #expect((problems.configuration != nil) == isWarned, "only warning-*.yaml are accepted")
    #expect(!lines.isEmpty)
    #expect(!printed.contains("s3cr3t"), "a value from the environment is shown")
  }

  @Test(
    "Every snapshot has its configuration file, and every file its snapshot",
    .enabled(if: !isUpdating))
  func completeness() {
    let snapshots = Fixtures.names(in: Self.directory).filter { $0.hasSuffix(".expected") }
    #expect(Self.names.count >= 45)
    #expect(
      Set(snapshots.map { "\(Self.directory)/\($0)" }) == Set(Self.names.map(Self.expectedPath)))
  }
}
