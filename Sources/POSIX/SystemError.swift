import Glibc

/// A system call failed with this `errno`.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  package let code: Int32

  package init(code: Int32) { self.code = code }

  /// What the last system call of this thread failed with.
  package static var last: SystemError { SystemError(code: errno) }

  /// The system's words, beginning in lower case as the rest of a message does.
  package var description: String {
    guard let text = strerror(code) else { return "error \(code)" }
    let words = String(cString: text)
    return words.prefix(1).lowercased() + words.dropFirst()
  }
}
