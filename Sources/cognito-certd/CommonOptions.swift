import ArgumentParser
import Configuration
import Foundation
import Glibc
import POSIX
import Redaction
import RolloutCore
import Service
import Terminal

/// The options that every command has.
struct CommonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The configuration file.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var config = CommonOptions.defaultConfig

  static let defaultConfig = "/etc/cognito-certd/config.yaml"

  @Option(help: "The lowest level that is logged; overrides log.level.")
  var logLevel: LogLevel?

  @Option(help: "The format of the log; overrides log.format.")
  var logFormat: LogFormat?

  var environment: [String: String] { ProcessInfo.processInfo.environment }
}

extension CommonOptions {
  /// Exits because a domain is not one of those that are `known` in a place.
  func refuse(
    _ domain: DomainName, among known: [String], in place: String = "the state file"
  ) throws -> Never {
    let nearest = Suggestion.nearestDomains(to: domain.text, among: known)
    Output.problem("\(domain) is not among the domains of \(place)\(nearest)")
    throw ExitStatus.failure.exit
  }
}

extension LogLevel: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}

extension ExitStatus {
  /// The error that ends the command with this status.
  var exit: ExitCode { ExitCode(rawValue) }
}

/// Writes results to standard output, and problems to standard error. A pipe that is closed, such as
/// that of `head`, is no failure of the command; a result that cannot be written otherwise is one.
enum Output {
  static func result(_ text: String) throws { try self.text(text + "\n") }

  /// Whether somebody may want more. Exits where the text cannot be written.
  @discardableResult
  static func text(_ text: String) throws -> Bool {
    do throws(ResultStream.Ending) {
      try ResultStream().write(text)
      return true
    } catch {
      switch error {
      case .closed: return false
      case .failed(let cause):
        problem("standard output cannot be written: \(cause)")
        throw ExitStatus.failure.exit
      }
    }
  }

  /// Whether somebody may still read the results: false when they go to a pipe that is closed.
  static var hasReader: Bool {
    var request = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    return poll(&request, 1, 0) <= 0 || request.revents & Int16(POLLERR) == 0
  }

  /// Where results go.
  static var screen: Screen { Screen(width: size?.columns, palette: palette) }

  /// The terminal's size; nil for a pipe or a file, in which nothing is cut.
  static var size: TerminalSize? {
    TerminalSize(
      isTerminal: isTerminal, window: WindowSize(of: STDOUT_FILENO), environment: environment)
  }

  static var palette: Palette { Palette(isTerminal: isTerminal, environment: environment) }

  /// Whether a screen can be drawn again.
  static var canMoveCursor: Bool { isTerminal && environment["TERM"] != "dumb" }

  private static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  private static var environment: [String: String] { ProcessInfo.processInfo.environment }

  static func problem(_ text: String) {
    line("cognito-certd: " + Redaction.output(text))
  }

  static func line(_ text: String) {
    do {
      try FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      // There is no other place for it.
    }
  }
}
