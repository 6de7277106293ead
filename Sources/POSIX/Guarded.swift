import Glibc

/// A value that one thread at a time may touch, and that threads may wait on: for the few places
/// that signals, callbacks of C libraries and logging reach, where an actor cannot be awaited.
///
/// A POSIX mutex rather than `Synchronization.Mutex`, in which the thread sanitizer of this
/// toolchain sees races that are none.
package final class Guarded<Value>: @unchecked Sendable {
  private var value: Value
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>

  package init(_ value: sending Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    changed = .allocate(capacity: 1)
    changed.initialize(to: pthread_cond_t())
    let made = (pthread_mutex_init(mutex, nil), pthread_cond_init(changed, nil))
    precondition(made == (0, 0), "default attributes are always accepted")
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  package func withLock<Result, Problem>(
    _ body: (inout Value) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    pthread_mutex_lock(mutex)
    defer {
      pthread_cond_broadcast(changed)
      pthread_mutex_unlock(mutex)
    }
    return try body(&value)
  }

  /// Blocks the thread until `condition` holds: never to be called by a Swift task.
  package func wait(until condition: (Value) -> Bool) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !condition(value) { pthread_cond_wait(changed, mutex) }
  }
}
