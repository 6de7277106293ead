import Glibc
import POSIX
import Service
import Terminal

/// The terminal that standard output is, if it is one.
extension CommonOptions {
  private var outputIsTerminal: Bool { LineWriter(descriptor: STDOUT_FILENO).isTerminal }

  /// nil for a pipe or a file, in which nothing is cut.
  var outputSize: TerminalSize? {
    TerminalSize(
      isTerminal: outputIsTerminal, window: WindowSize(of: STDOUT_FILENO), environment: environment)
  }

  var outputPalette: Palette { Palette(isTerminal: outputIsTerminal, environment: environment) }
}
