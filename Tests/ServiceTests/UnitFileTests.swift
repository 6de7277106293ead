import Foundation
import Narration
import Reconciliation
import TestSupport
import Testing

@testable import Service

/// The files in systemd/, checked with systemd's own tools.
@Suite("The unit file and the message catalog")
struct UnitFileTests {
  static let systemd = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("systemd").path

  private static let noAnalyze: Comment = "NOT CHECKED: systemd-analyze is not installed"
  private static let noJournalctl: Comment = "NOT CHECKED: journalctl is not installed"

  /// A copy of the unit in its own directory, with a program that exists.
  private func unit(dropIns: [String] = []) throws -> (TemporaryDirectory, path: String) {
    let directory = try TemporaryDirectory()
    let text = try String(contentsOfFile: Self.systemd + "/cognito-certd.service", encoding: .utf8)
    let installed = "ExecStart=/usr/bin/cognito-certd run"
    try #require(text.contains(installed))
    let path = directory["cognito-certd.service"]
    try text.replacingOccurrences(of: installed, with: "ExecStart=/bin/true run")
      .write(toFile: path, atomically: true, encoding: .utf8)
    for dropIn in dropIns {
      let folder = path + ".d"
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: Self.systemd + "/examples/" + dropIn, toPath: folder + "/" + dropIn)
    }
    return (directory, path)
  }

  private static var examples: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: systemd + "/examples") }
  }

  @Test(
    "systemd-analyze verify reports nothing about the unit, also with every example drop-in",
    .enabled(if: SystemTool.path(of: "systemd-analyze") != nil, noAnalyze))
  func verified() throws {
    let examples = try Self.examples
    try #require(!examples.isEmpty)
    for dropIns in [[], examples] {
      let (directory, path) = try unit(dropIns: dropIns)
      defer { withExtendedLifetime(directory) {} }
      let outcome = try SystemTool.run("systemd-analyze", ["verify", "--man=no", path])
      #expect(outcome.output == "")
      #expect(outcome.ending == .exited(0))
    }
  }

  @Test("Exit statuses after which a restart does not help prevent one, and the others do not")
  func restarts() throws {
    let text = try String(contentsOfFile: Self.systemd + "/cognito-certd.service", encoding: .utf8)
    let permanent: [Service.ExitStatus] = [.usage, .stateUnusable, .configuration]
    let statuses = permanent.map { String($0.rawValue) }.joined(separator: " ")
    #expect(text.contains("\nRestartPreventExitStatus=\(statuses)\n"))
    #expect(text.contains("\nRestart=on-failure\n"))
    #expect(
      Service.ExitStatus(.damaged) == .stateUnusable && Service.ExitStatus(.newer) == .stateUnusable
    )
    #expect(Service.ExitStatus(.locked(pid: nil)).rawValue == 75)
    for other in [StateFailure.Kind.full, .permission, .io] {
      #expect(Service.ExitStatus(other) == .failure)
    }
  }

  @Test(
    "systemd-analyze verify reports an unknown key",
    .enabled(if: SystemTool.path(of: "systemd-analyze") != nil, noAnalyze))
  func verifyCanFail() throws {
    let (directory, path) = try unit()
    defer { withExtendedLifetime(directory) {} }
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacingOccurrences(of: "PrivateTmp=", with: "PrivateTemp=")
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try SystemTool.run("systemd-analyze", ["verify", "--man=no", path]).output != "")
  }

  @Test(
    "systemd-analyze security gives the service an exposure of at most 1.2",
    .enabled(if: SystemTool.path(of: "systemd-analyze") != nil, noAnalyze))
  func confined() throws {
    let (directory, path) = try unit()
    defer { withExtendedLifetime(directory) {} }
    let outcome = try SystemTool.run(
      "systemd-analyze", ["security", "--offline=true", "--threshold=12", "--no-pager", path])
    #expect(outcome.ending == .exited(0), "\(outcome.output.suffix(400))")
  }

  @Test("The catalog explains every event: its meaning, what comes next, what to do")
  func catalogIsComplete() throws {
    let text = try String(contentsOfFile: Self.systemd + "/cognito-certd.catalog", encoding: .utf8)
    let entries = text.components(separatedBy: "\n-- ").dropFirst()
    var explained: [String: String] = [:]
    for entry in entries {
      let id = String(entry.prefix(32))
      #expect(explained[id] == nil, "\(id) stands twice")
      explained[id] = entry
    }
    for kind in Event.Kind.allCases {
      guard let entry = explained.removeValue(forKey: kind.messageID) else {
        Issue.record("\(kind.rawValue) (\(kind.messageID)) is missing")
        continue
      }
      for part in [
        "\nSubject: ", "(\(kind.rawValue))\n", "\n\nMeaning: ", "\n\nNext: ",
        "\n\nTo do: ",
      ]
      where !entry.contains(part) { Issue.record("\(kind.rawValue): no \(part.debugDescription)") }
    }
    #expect(explained.isEmpty, "no event has these ids")
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test("Every event has its own id of 32 hexadecimal digits")
  func ids() {
    let ids = Event.Kind.allCases.map(\.messageID)
    #expect(Set(ids).count == ids.count)
    #expect(ids.allSatisfy { $0.count == 32 && $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
  }

  @Test(
    "journalctl accepts the catalog and lists every entry",
    .enabled(if: SystemTool.path(of: "journalctl") != nil, noJournalctl))
  func catalogIsTaken() throws {
    let root = try TemporaryDirectory()
    let files = FileManager.default
    for folder in ["usr/lib/systemd/catalog", "var/lib/systemd/catalog"] {
      try files.createDirectory(atPath: root[folder], withIntermediateDirectories: true)
    }
    try files.copyItem(
      atPath: Self.systemd + "/cognito-certd.catalog",
      toPath: root["usr/lib/systemd/catalog/cognito-certd.catalog"])
    let update = try SystemTool.run("journalctl", ["--update-catalog", "--root=" + root.path])
    #expect(update.output == "")
    #expect(update.ending == .exited(0))
    let list = try SystemTool.run("journalctl", ["--list-catalog", "--root=" + root.path]).output
    for kind in Event.Kind.allCases {
      #expect(list.contains("\(kind.messageID) cognito-certd: "), "\(kind.rawValue)")
    }
    #expect(list.split(separator: "\n").count == Event.Kind.allCases.count)
  }
}
