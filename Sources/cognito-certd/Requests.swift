import ArgumentParser
import Configuration
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
    Output.result("no new call will be made for \(domain)\(end)")
  }
}

struct Resume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Ends the hold of a domain.")

  @OptionGroup var common: CommonOptions

  @Argument(help: "The held domain.")
  var domain: String

  func run() async throws {
    try await common.submit(.resume, for: domain)
    Output.result("\(domain) is no longer held")
  }
}

struct Retry: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tries a refused, retrying or drifted domain now.",
    discussion: """
      A drifted domain gets back the certificate that the daemon attached last. Certificates that \
      someone replaced after their rollout may be chosen again.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "The domain to try again.")
  var domain: String

  func run() async throws {
    try await common.submit(.retry, for: domain)
    Output.result("\(domain) will be tried now")
  }
}

extension CommonOptions {
  /// Writes a request to the state file, and says so when no daemon runs to carry it out.
  func submit(_ kind: OperatorRequest.Kind, for text: String) async throws {
    let domain = try domain(text)
    let path = try stateFile()
    do {
      let store = try StateStore.open(path: path, mode: .command)
      _ = try await store.request(kind, domain: domain, at: SystemClock.now)
      try store.close()
      if try ProcessLock.holder(ofStateFile: path) == nil {
        Output.problem("the daemon is not running; it obeys at its next start")
      }
    } catch {
      Output.problem(String(describing: error))
      throw ExitStatus.failure.exit
    }
  }
}
