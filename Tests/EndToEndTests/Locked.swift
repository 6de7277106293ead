import Locking

/// A value that the threads of a test share.
final class Locked<Value>: Sendable {
  private let value: Guarded<Value>

  init(_ value: sending Value) {
    self.value = Guarded(value)
  }

  func with<Result, Problem>(
    _ body: (inout Value) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    try value.withLock(body)
  }
}
