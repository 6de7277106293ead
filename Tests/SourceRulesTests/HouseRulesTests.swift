import Foundation
import Testing

/// Rules that hold for all source files.
@Suite("Rules of the source code")
struct HouseRulesTests {
  struct Source: Sendable {
    /// `Service/Daemon.swift`
    let path: String
    let lines: [String]
    var module: String { String(path.prefix { $0 != "/" }) }
  }

  static let sources: [Source] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")
    let files = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String }
    return (files ?? []).filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
      let data = FileManager.default.contents(atPath: root.path + "/" + path)
      return data.map {
        Source(
          path: path,
          lines: String(decoding: $0, as: UTF8.self).components(separatedBy: "\n"))
      }
    }
  }()

  /// The lines of code outside the allowed files that contain one of the words. Comments are ignored.
  private func offences(
    _ words: [String], allowed: (Source) -> Bool
  ) -> [String] {
    HouseRulesTests.sources.filter { !allowed($0) }.flatMap { source in
      source.lines.enumerated().compactMap { number, line in
        let code = line.trimmingCharacters(in: .whitespaces)
        if code.hasPrefix("//") { return nil }
        return words.contains { code.contains($0) } ? "\(source.path):\(number + 1): \(code)" : nil
      }
    }
  }

  @Test("The sources are found")
  func notEmpty() {
    #expect(HouseRulesTests.sources.count > 100)
    #expect(HouseRulesTests.sources.contains { $0.path == "RolloutCore/Plan/Planner.swift" })
  }

  @Test("The core and the JSON module import nothing")
  func pureModules() {
    #expect(
      offences(["import "]) { !["RolloutCore", "LosslessJSON"].contains($0.module) } == [])
  }

  @Test("The module POSIX imports only Glibc")
  func systemCalls() {
    let imports = HouseRulesTests.sources.filter { $0.module == "POSIX" }.flatMap { source in
      source.lines.filter { $0.contains("import ") }
    }
    #expect(Set(imports) == ["import Glibc", "package import Glibc"])
  }

  @Test(
    "A library is imported only by its modules",
    arguments: [
      ("import CCurl", ["Transport"]),
      ("import COpenSSL", ["Transport", "EdgeProbe", "SimulatedAWS"]),
      ("import GRDB", ["StateStore"]),
      ("import Yams", ["Configuration"]),
      ("import FlyingSocks", ["Service"]),
      ("import CYaml", ["Configuration"]),
      (
        "import ArgumentParser",
        ["cognito-certd", "cognito-certd-simulator", "cognito-certd-worlds"]
      ),
      (
        "import SimulatedAWS", ["SimulatedWorld", "cognito-certd-simulator", "cognito-certd-bench"]
      ),
      ("import SimulatedWorld", ["cognito-certd-worlds"]),
      ("import VirtualTime", ["SimulatedWorld"]),
    ])
  func imports(statement: String, modules: [String]) {
    #expect(offences([statement]) { modules.contains($0.module) } == [])
  }

  @Test("Only one file of the daemon and one of the simulator use clocks and random numbers")
  func clocks() {
    let words = [
      "clock_gettime", "Date()", "Date.now", "ContinuousClock", "SuspendingClock", "Task.sleep",
      "usleep(", "nanosleep(", "SystemRandomNumberGenerator", ".random(in", "gettimeofday",
    ]
    let homes = ["Service/SystemClock.swift", "SimulatedAWS/Simulator/SimulatorClock.swift"]
    #expect(
      offences(words) { homes.contains($0.path) || $0.module == "cognito-certd-bench" } == [])
  }

  @Test("Nothing traps on input, and no error of an effect is ignored")
  func traps() {
    #expect(offences(["try!", " as! ", "fatalError("]) { _ in false } == [])
    #expect(offences(["try? await"]) { _ in false } == [])
  }

  /// Foundation's `Process` copies 256 bytes of each name in `/proc/self/fd`, and so reads beyond the
  /// entries of `readdir`: in a process with more than about 1,350 open files, such as the one that
  /// runs all tests, this crashes sooner or later.
  @Test("Nothing starts a program by Foundation's Process or copies a name out of readdir's entry")
  func directoryEntries() {
    let files = SourceFile.sources + SourceFile.tests
    #expect(files.flatMap(DirectoryEntries.offences) == [])
    let offending = SourceFile(
      path: "X.swift",
      text: """
        let a = Process()
        let b = Foundation.Process.run(url)
        let c = withUnsafeBytes(of: entry.pointee.d_name) { Array($0) }
        let d = WorldMachine.Process(number: 1)  // Process() in a comment
        """)
    #expect(DirectoryEntries.offences(in: offending) == ["X.swift:1", "X.swift:2", "X.swift:3"])
  }

  /// One idea may need a long file, such as every decision about a domain in its order.
  @Test("No file has more than 700 lines")
  func lengths() {
    let long = HouseRulesTests.sources.filter { $0.lines.count > 700 }
    #expect(long.map { "\($0.path): \($0.lines.count)" } == [])
  }
}
