import Foundation
import POSIX

/// The boto3 loop, which makes a pass for each line that it gets.
final class BotoLoop {
  static let python = ".build/bench-venv/bin/python"
  static let script = "packaging/bench/boto3-loop.py"

  let process: MeasuredProcess
  private let orders: FileHandle
  private let answers: FileHandle

  init(_ fleet: BenchFleet) throws {
    let (input, output) = (Pipe(), Pipe())
    orders = input.fileHandleForWriting
    answers = output.fileHandleForReading
    // Otherwise the loop itself would keep its input open.
    for handle in [orders, answers] { _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC) }
    process = try MeasuredProcess(
      BotoLoop.python, [BotoLoop.script, fleet.endpoint, fleet.fleetFile],
      environment: fleet.environment,
      descriptors: [
        (input.fileHandleForReading.fileDescriptor, 0),
        (output.fileHandleForWriting.fileDescriptor, 1),
      ], log: fleet.directory + "/boto3-log")
    try input.fileHandleForReading.close()
    try output.fileHandleForWriting.close()
  }

  /// Makes a pass, and returns the number of its calls.
  func pass() throws -> Int {
    try orders.write(contentsOf: Data("pass\n".utf8))
    var line: [UInt8] = []
    while let byte = try answers.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
      line.append(byte)
    }
    guard let calls = Int(String(decoding: line, as: UTF8.self)) else {
      throw BenchProblem("the boto3 loop failed; its log says why")
    }
    return calls
  }

  func stop() throws {
    try orders.close()
    _ = try process.wait()
  }
}
