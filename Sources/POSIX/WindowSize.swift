import Glibc

/// The size of a terminal's window in characters.
package struct WindowSize: Equatable, Sendable {
  package let columns: Int
  package let rows: Int

  /// nil when the descriptor is no terminal, or one that does not know its size.
  package init?(of descriptor: Int32) {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
    else { return nil }
    columns = Int(size.ws_col)
    rows = Int(size.ws_row)
  }
}
