import Foundation
import RolloutCore
import TestSupport
import Testing

@testable import AWSWire

@Suite("The shared AWS files")
struct SharedFilesTests {
  private let directory: TemporaryDirectory
  private let files: SharedFiles

  init() throws {
    directory = try TemporaryDirectory()
    files = SharedFiles(
      environment: Variables([
        "AWS_CONFIG_FILE": directory["config"], "AWS_SHARED_CREDENTIALS_FILE": directory["c"],
      ]))
  }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: directory[name]))
  }

  @Test("Unchanged files are parsed once, and a change of one is seen a second later")
  func changes() throws {
    try write("[profile a]\nregion = x\n", to: "config")
    let first = files.content(at: .zero)
    #expect(files.content(at: .seconds(100)) === first)
    try write("[a]\nregion = longer\n", to: "c")
    #expect(files.content(at: .milliseconds(100_999)) === first)
    let second = files.content(at: .seconds(101))
    #expect(second !== first)
    #expect(try second.credentials()?.content.sections["a"] != nil)
    #expect(try second.config()?.content.sections["profile a"] != nil)
    try FileManager.default.removeItem(atPath: directory["c"])
    let third = try files.content(at: .seconds(102)).credentials()
    #expect(third?.path == nil)
  }

  @Test("A file that cannot be read is read again each second, and the other one stays usable")
  func unreadable() throws {
    try write("[profile a]\nregion = x\n", to: "config")
    try FileManager.default.createDirectory(
      atPath: directory["c"], withIntermediateDirectories: false)
    let first = files.content(at: .zero)
    #expect(throws: UnreadableFile.self) { try first.credentials() }
    #expect(try first.config()?.content.sections["profile a"] != nil)
    #expect(files.content(at: .seconds(1)) !== first)
    try FileManager.default.removeItem(atPath: directory["c"])
    try write("[a]\nregion = y\n", to: "c")
    #expect(try files.content(at: .seconds(2)).credentials()?.content.sections["a"] != nil)
  }

  @Test("Half of a file is used as far as it goes, and the rest when it is there")
  func halfWritten() async throws {
    let keys = "aws_access_key_id = k\naws_secret_access_key = s\n"
    try write("[a]\n\(keys)[b]\naws_access_key_id = k2\n", to: "c")
    let stage = CredentialStage(environment: [
      "AWS_SHARED_CREDENTIALS_FILE": directory["c"], "AWS_EC2_METADATA_DISABLED": "true",
    ])
    #expect(await stage.found(Identity(profile: "a")) == "k s")
    #expect(
      await stage.found(Identity(profile: "b")).hasSuffix("has no aws_secret_access_key: add it"))
    try write("[a]\n\(keys)[b]\naws_access_key_id = k2\naws_secret_access_key = s2\n", to: "c")
    stage.clock.pass(.seconds(1))
    #expect(await stage.found(Identity(profile: "b")) == "k2 s2")
  }
}
