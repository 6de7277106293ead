import ArgumentParser
import Configuration
import POSIX
import Reconciliation
import RolloutCore
import Service
import StateStore

struct Hold: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Holds a domain: no update is made for it until 'resume'.",
    discussion: """
      A rollout that Cognito has accepted continues, and its edges are checked. The hold is \
      written to the state file and is in force when this command has returned.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "The domain to hold.")
  var domain: String

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("End the hold after this time, such as 2h or 1d12h.", valueName: "duration"))
  var duration: String?

  func run() async throws {
    var until: Instant?
    if let duration {
      do throws(Malformed) {
        let length = try DurationNotation.parse(duration)
        guard length > .zero else {
          throw Malformed("a duration above 0", "the hold would end at once")
        }
        until = SystemClock.now + length
      } catch {
        Output.problem("--for \"\(duration)\" is not \(error.kind): \(error.problem)")
        throw ExitStatus.usage.exit
      }
    }
    try await common.submit(.hold(until: until), for: domain)
    let end = until.map { " until \($0.rfc3339)" } ?? " until 'resume'"
    try Output.result("no new call will be made for \(domain)\(end)")
  }
}

struct Resume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ends the hold of a domain, or lets a stopped wave go on.",
    discussion: """
      With --wave the failed rollouts of that wave are no longer counted, and its domains may \
      begin again. Give either a domain or --wave.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "The held domain.")
  var domain: String?

  @Option(help: ArgumentHelp("The wave that was stopped.", valueName: "number"))
  var wave: Int?

  func validate() throws {
    switch (domain, wave) {
    case (nil, nil): throw ValidationError("Give the held domain, or --wave with its number.")
    case (.some, .some): throw ValidationError("Give either a domain or --wave, not both.")
    case (nil, .some(..<0)): throw ValidationError("The number of a wave is 0 or more.")
    case (.some, nil), (nil, .some): break
    }
  }

  func run() async throws {
    if let wave {
      let caller = common.caller
      let isRunning = try await common.submit { store throws(RequestFailure) in
        _ = try await store.requestResume(ofWave: wave, by: caller, at: SystemClock.now)
      }
      try Output.result(
        isRunning ? "wave \(wave) goes on" : "wave \(wave) goes on at the next start")
    }
    if let domain {
      let isRunning = try await common.submit(.resume, for: domain)
      try Output.result(
        isRunning ? "\(domain) is no longer held" : "the hold of \(domain) ends at the next start")
    }
  }
}

struct Retry: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tries a refused, retrying or drifted domain now.",
    discussion: """
      A drifted domain gets back the certificate that the daemon attached last. Certificates that \
      someone replaced after their rollout, or that were rolled back, may be chosen again.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "The domain to try again.")
  var domain: String

  func run() async throws {
    let isRunning = try await common.submit(.retry, for: domain)
    try Output.result("\(domain) will be tried \(isRunning ? "now" : "at the next start")")
  }
}

extension CommonOptions {
  /// Writes a request to the state file.
  ///
  /// - Returns: whether a daemon runs that carries it out now.
  @discardableResult
  func submit(_ kind: OperatorRequest.Kind, for text: String) async throws -> Bool {
    let domain = try domain(text)
    let caller = caller
    return try await submit { store throws(RequestFailure) in
      _ = try await store.request(kind, domain: domain, by: caller, at: SystemClock.now)
    }
  }

  /// Who gives the order, for the history.
  fileprivate var caller: OperatorName {
    OperatorName(escaping: Caller.name(environment: environment))
  }

  func submit(
    _ request: (StateStore) async throws(RequestFailure) -> Void
  ) async throws -> Bool {
    let path = try stateFile()
    do {
      let store = try StateStore.open(path: path, mode: .command)
      try await request(store)
      try store.close()
      if try ProcessLock.holder(ofStateFile: path) != nil { return true }
      Output.problem("the daemon is not running; it obeys at its next start")
      return false
    } catch RequestFailure.unknownDomain(let domain, let known) {
      try refuse(domain, among: known.map(\.text))
    } catch {
      Output.problem(String(describing: error))
      throw ExitStatus.failure.exit
    }
  }
}
