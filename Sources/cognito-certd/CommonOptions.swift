import ArgumentParser
import Configuration
import Foundation
import Glibc
import POSIX
import Redaction
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

extension LogLevel: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}

extension ExitStatus {
  /// The error that ends the command with this status.
  var exit: ExitCode { ExitCode(rawValue) }
}

/// Writes results to standard output, and problems to standard error.
enum Output {
  static func result(_ text: String) { print(text) }

  /// Where results go.
  static var screen: Screen {
    let environment = ProcessInfo.processInfo.environment
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let size = TerminalSize(
      isTerminal: isTerminal, window: WindowSize(of: STDOUT_FILENO), environment: environment)
    return Screen(
      width: size?.columns, palette: Palette(isTerminal: isTerminal, environment: environment))
  }

  static func problem(_ text: String) {
    FileHandle.standardError.write(Data(("cognito-certd: " + Redaction.output(text) + "\n").utf8))
  }

  static func line(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }
}
