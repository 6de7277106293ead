import COpenSSL
import POSIX

/// Why a step of a probe or of a judgement did not work, in the words of OpenSSL or the system.
package struct StepFailure: Error, Equatable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  /// A system call failed with this `errno`.
  static func system(_ code: Int32) -> StepFailure {
    StepFailure(SystemError(code: code).description)
  }

  /// Takes the newest error of this thread's queue, and empties the queue, so that it is not
  /// taken for the reason of something later.
  package static func openSSL() -> StepFailure {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    guard let reason = ERR_reason_error_string(code) else {
      return StepFailure("error \(String(code, radix: 16)) of OpenSSL")
    }
    return StepFailure(String(cString: reason))
  }
}
