import Glibc

/// The `errno` of a failed system call.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  package let code: Int32

  package init(code: Int32) { self.code = code }

  /// The `errno` of this thread's last failed system call.
  package static var last: SystemError { SystemError(code: errno) }

  /// The system's text, beginning in lower case to fit into a message.
  package var description: String {
    guard let text = strerror(code) else { return "error \(code)" }
    let words = String(cString: text)
    return words.prefix(1).lowercased() + words.dropFirst()
  }
}
