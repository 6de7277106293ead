import Glibc

/// A value with a lock, on which threads can also wait. It is for code that cannot await an actor:
/// callbacks of C libraries, logging, and threads of our own.
///
/// It uses a POSIX mutex, because the thread sanitizer of this toolchain reports false races in
/// `Synchronization.Mutex`.
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

  /// Blocks the thread until `condition` is true. Swift tasks must not call it.
  package func wait(until condition: (Value) -> Bool) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !condition(value) { pthread_cond_wait(changed, mutex) }
  }
}
