import COpenSSL
import POSIX

/// Why a step of a probe or a verification failed, usually in the words of OpenSSL or the system.
package struct EdgeProbeError: Error, Equatable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  static let cancelled = EdgeProbeError("the probe was cancelled")

  /// A system call failed with this `errno`.
  static func system(_ code: Int32) -> EdgeProbeError {
    EdgeProbeError(SystemError(code: code).description)
  }

  /// The newest error in this thread's queue of OpenSSL. Empties the queue, so that a later step does
  /// not report the same error.
  package static func openSSL() -> EdgeProbeError {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    guard let reason = ERR_reason_error_string(code) else {
      return EdgeProbeError("OpenSSL error \(String(code, radix: 16))")
    }
    return EdgeProbeError(String(cString: reason))
  }
}
