import ArgumentParser
import Configuration
import Reconciliation
import RolloutCore
import Service
import StateStore

struct Hold: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes no call for a domain until 'resume'.",
    discussion: """
      A rollout that Cognito has taken goes on and is watched. The hold is kept in the state \
      file; the daemon obeys within a pass, or at its next start.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "The domain to hold.")
  var domain: String

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("Let it end by itself after, say, 2h or 1d12h", valueName: "duration"))
  var duration: String?

  func run() async throws {
    var until: Instant?
    if let duration {
      do throws(Malformed) {
        let length = try DurationNotation.parse(duration)
        guard length > .zero else {
          throw Malformed("a duration above 0", "a hold that ends at once holds nothing")
        }
        until = SystemClock.now + length
      } catch {
        Output.problem("--for \"\(duration)\" is not \(error.kind): \(error.problem)")
        throw ExitStatus.usage.exit
      }
    }
    try await common.leave(.hold(until: until), for: domain)
    let end = until.map { " until \($0.rfc3339)" } ?? " until 'resume'"
    Output.result("no call will be made for \(domain)\(end)")
  }
}

struct Resume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Ends a hold.")

  @OptionGroup var common: CommonOptions

  @Argument(help: "The domain that is held.")
  var domain: String

  func run() async throws {
    try await common.leave(.resume, for: domain)
    Output.result("calls for \(domain) will be made again")
  }
}

struct Retry: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tries a refused or drifted domain now.",
    discussion: """
      Also lets certificates be chosen again that someone moved the domain away from. A drifted \
      domain gets back the certificate that the daemon attached last.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "The domain to try.")
  var domain: String

  func run() async throws {
    try await common.leave(.retry, for: domain)
    Output.result("\(domain) will be tried now")
  }
}

extension CommonOptions {
  /// Leaves a request in the state file, and tells when nobody is there to take it up.
  func leave(_ kind: OperatorRequest.Kind, for text: String) async throws {
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
