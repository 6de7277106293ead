import Foundation
import Glibc
import LosslessJSON
import RolloutCore
import TestSupport
import Testing
import Transport

@testable import SimulatedAWS

@Suite("The simulator as a program")
struct SimulatorProcessTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func start(
    _ arguments: [String], input: ChildProcess.Input = .pipe
  ) throws -> ChildProcess {
    try ChildProcess(
      "cognito-certd-simulator", arguments, environment: ProcessInfo.processInfo.environment,
      output: directory["simulator-\(arguments.hashValue)"], input: input)
  }

  @Test("it prints one line, answers signed requests, and leaves nothing behind after SIGTERM")
  func lifetime() async throws {
    let process = try start(["serve", "--demo"])
    let ready = try JSONValue(parsing: try await process.firstLine())
    let endpoint = try #require(ready["endpoint"]?.string)
    let roots = try #require(ready["ca_file"]?.string)
    #expect(FileManager.default.fileExists(atPath: roots))
    var caller = FakeAWSCaller()
    caller.keyID = try #require(ready["access_key_id"]?.string)
    caller.secret = try #require(ready["secret_access_key"]?.string)
    let request = caller.signed(
      url: endpoint + "/", service: "acm", region: "us-east-1",
      headers: [
        Header("Content-Type", "application/x-amz-json-1.1"),
        Header("X-Amz-Target", "CertificateManager.ListCertificates"),
      ], body: Array(#"{"Includes":{"keyTypes":["EC_prime256v1"]}}"#.utf8),
      at: SimulatorClock.now)
    let port = try #require(Int(endpoint.split(separator: ":").last ?? ""))
    let client = try LoopbackClient(port: port)
    try client.send(
      "POST / HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Length: \(request.body.count)\r\n"
        + request.headers.map { "\($0.name): \($0.value)\r\n" }.joined() + "\r\n"
        + String(decoding: request.body, as: UTF8.self))
    let answer = try client.answer()
    #expect(answer.status == 200)
    #expect(answer.json["CertificateSummaryList"]?.array?.count == 2)

    process.send(SIGTERM)
    #expect(try await process.end() == .exited(0))
    #expect(process.outputText.count { $0 == "\n" } == 1)
    #expect(!FileManager.default.fileExists(atPath: roots))
    #expect(throws: LoopbackClient.Failure.self) { try LoopbackClient(port: port) }
  }

  @Test("it ends when standard input closes, if requested")
  func standardInput() async throws {
    let process = try start(["serve", "--domain", "auth.example.com", "--until-stdin-closes"])
    _ = try await process.firstLine()
    #expect(process.poll() == nil)
    process.closeInput()
    #expect(try await process.end() == .exited(0))
  }

  @Test("an invalid scenario ends it with a message and 1, wrong usage with 64")
  func failures() async throws {
    let wrong = try start(["serve", "--config", "-"])
    try wrong.write(#"{"ports":1}"#)
    wrong.closeInput()
    #expect(try await wrong.end() == .exited(1))
    #expect(wrong.errorText.hasPrefix("error: ports is unknown; known are "))
    let missing = try start(["serve", "--config", "/nowhere/x.json"])
    #expect(try await missing.end() == .exited(1))
    #expect(missing.errorText == "error: cannot read /nowhere/x.json: no such file or directory\n")
    for usage in [["serve"], ["serve", "--demo", "--port", "70000"]] {
      #expect(try await start(usage).end() == .exited(64))
    }
  }
}
