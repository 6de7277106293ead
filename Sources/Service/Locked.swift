import Foundation

/// A value that one thread at a time may touch, for the few places that are called from
/// signal tasks, dispatch queues and logging code, where an actor cannot be awaited.
final class Locked<Value: Sendable>: Sendable {
  private let lock = NSLock()
  nonisolated(unsafe) private var value: Value

  init(_ value: Value) {
    self.value = value
  }

  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return body(&value)
  }
}
