import ArgumentParser
import Foundation
import SimulatedWorld

/// Plays simulated worlds and prints what broke an invariant.
@main
struct Worlds: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cognito-certd-worlds",
    abstract: "Play simulated worlds and print what broke an invariant.")

  @Option(help: "Play this one world and print its history.")
  var seed: UInt64?

  @Option(help: "The first seed.")
  var from: UInt64 = 1

  @Option(help: "The last seed.")
  var through: UInt64 = 500

  @Option(help: "Worlds played side by side.")
  var lanes = 2

  @Option(help: "Play worlds of a daemon with this defect until an invariant breaks.")
  var sabotage: String?

  @Flag(help: "Print a line for each world.")
  var verbose = false

  @Flag(help: "Measure a quiet day instead.")
  var quietDay = false

  func run() async throws {
    if quietDay { return try await Worlds.measureQuietDay() }
    if let seed {
      let outcome = try await Worlds.play(seed)
      print(outcome.history.joined(separator: "\n"))
      for violation in outcome.violations { print("VIOLATION \(violation)") }
      print("\(outcome.requests) requests, \(outcome.jobs) jobs, delay \(outcome.longestDelay)")
      if !outcome.violations.isEmpty { throw ExitCode.failure }
      return
    }
    if let sabotage {
      guard let defect = Sabotage(rawValue: sabotage) else {
        throw ValidationError("the defects are \(Sabotage.allCases)")
      }
      for seed in from...through {
        let outcome = try await Worlds.play(seed, defect)
        guard defect.shows(in: outcome.violations) else { continue }
        return print("\(defect), seed \(seed): \(outcome.violations)")
      }
      throw ValidationError("no checker notices \(defect)")
    }
    let (first, last, step, verbose) = (from, through, lanes, verbose)
    let failures = try await withThrowingTaskGroup(of: Int.self) { group in
      for lane in 0..<step {
        group.addTask {
          var failures = 0
          for seed in stride(from: first + UInt64(lane), through: last, by: step) {
            let outcome = try await Worlds.play(seed)
            if !outcome.violations.isEmpty { failures += 1 }
            if verbose {
              print(
                "\(seed): \(outcome.requests) requests, \(outcome.attachments) attachments, \(outcome.powerCuts) cuts, delay \(outcome.longestDelay)"
              )
            }
            for violation in outcome.violations.prefix(3) { print("seed \(seed): \(violation)") }
          }
          return failures
        }
      }
      return try await group.reduce(0, +)
    }
    print("\(failures) of \(last - first + 1) worlds broke an invariant")
    if failures > 0 { throw ExitCode.failure }
  }

  private static func play(
    _ seed: UInt64, _ sabotage: Sabotage? = nil
  ) async throws -> World.Outcome {
    let directory = try makeDirectory()
    let world = try World(seed: seed, directory: directory, sabotage: sabotage)
    let outcome = await world.run()
    try FileManager.default.removeItem(atPath: directory)
    return outcome
  }

  private static func measureQuietDay() async throws {
    let directory = try makeDirectory()
    let day = try await QuietDay(hours: 24, directory: directory)
    try FileManager.default.removeItem(atPath: directory)
    print(day)
  }

  private static func makeDirectory() throws -> String {
    let isInMemory = FileManager.default.isWritableFile(atPath: "/dev/shm")
    let parent = isInMemory ? "/dev/shm" : NSTemporaryDirectory()
    let directory = parent + "/cognito-certd-world-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    return directory
  }
}
