import Foundation
import LosslessJSON
import RolloutCore
import Testing
import Transport

@testable import SimulatedAWS

@Suite("The simulator as a program")
struct SimulatorProcessTests {
  /// The program in the directory of the test bundle.
  static func program() throws -> URL {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: tests).deletingLastPathComponent()
      .appending(path: "cognito-certd-simulator")
  }

  /// Starts the program and reads its ready line.
  static func start(
    _ arguments: [String], input: Pipe = Pipe()
  ) throws -> (process: Process, ready: JSONValue, output: Pipe) {
    let process = Process()
    process.executableURL = try program()
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = input
    process.standardError = Pipe()
    try process.run()
    var line: [UInt8] = []
    while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first,
      byte != UInt8(ascii: "\n")
    { line.append(byte) }
    return (process, try JSONValue(parsing: line), output)
  }

  @Test("it prints one line, answers signed requests, and leaves nothing behind after SIGTERM")
  func lifetime() throws {
    let (process, ready, output) = try SimulatorProcessTests.start(["serve", "--demo"])
    defer { if process.isRunning { process.terminate() } }
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

    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    #expect(try output.fileHandleForReading.readToEnd()?.isEmpty ?? true)
    #expect(!FileManager.default.fileExists(atPath: roots))
    #expect(throws: LoopbackClient.Failure.self) { try LoopbackClient(port: port) }
  }

  @Test("it ends when standard input closes, if requested")
  func standardInput() throws {
    let input = Pipe()
    let (process, _, _) = try SimulatorProcessTests.start(
      ["serve", "--domain", "auth.example.com", "--until-stdin-closes"], input: input)
    #expect(process.isRunning)
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
  }

  @Test("an invalid scenario ends it with a message and 1, wrong usage with 64")
  func failures() throws {
    func run(_ arguments: [String], input: String = "") throws -> (status: Int32, text: String) {
      let process = Process()
      process.executableURL = try SimulatorProcessTests.program()
      process.arguments = arguments
      let (stdin, stderr) = (Pipe(), Pipe())
      process.standardInput = stdin
      process.standardError = stderr
      process.standardOutput = Pipe()
      try process.run()
      try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try stdin.fileHandleForWriting.close()
      let text = try stderr.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }
    let wrong = try run(["serve", "--config", "-"], input: #"{"ports":1}"#)
    #expect(wrong.status == 1 && wrong.text.hasPrefix("error: ports is unknown; known are "))
    let missing = try run(["serve", "--config", "/nowhere/x.json"])
    #expect(missing.text == "error: cannot read /nowhere/x.json: no such file or directory\n")
    #expect(try run(["serve"]).status == 64)
    #expect(try run(["serve", "--demo", "--port", "70000"]).status == 64)
  }
}
