import COpenSSL
import Glibc
import POSIX

/// Waits for the descriptors and time limits of any number of tasks, on one thread.
///
/// A task that waits occupies no thread, so a silent edge or name server delays no other. The thread
/// ends a second after the last wait.
final class Reactor: Sendable {
  enum Readiness {
    case readable, writable
  }

  enum Wait: Equatable {
    case ready
    case passed
    case cancelled
    /// With the `errno`.
    case failed(Int32)
  }

  private let poller: Int32
  private let state = Guarded(State())

  private struct State {
    var lastID: UInt64 = 0
    var waiting: [UInt64: Waiting] = [:]
    var hasThread = false
  }

  private struct Waiting {
    let continuation: CheckedContinuation<Wait, Never>
    let descriptor: Int32
    let deadline: Deadline
  }

  init() { poller = epoll_create1(Int32(EPOLL_CLOEXEC)) }

  deinit { close(poller) }

  /// Waits until the descriptor is ready or the limit has passed. Returns `passed` when both are
  /// true, so that a peer that sends a byte at a time cannot extend the limit. The descriptor must stay
  /// open until it returns, and no other task may wait for it.
  func wait(
    for descriptor: Int32, _ readiness: Readiness, until deadline: Deadline
  ) async -> Wait {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let waiting = Waiting(
          continuation: continuation, descriptor: descriptor, deadline: deadline)
        if let code = begin(id, waiting, readiness) {
          continuation.resume(returning: .failed(code))
        } else if Task.isCancelled {
          // The handler may have run before the wait began and found nothing to cancel.
          end(id) { _ in .cancelled }
        }
      }
    } onCancel: {
      end(id) { _ in .cancelled }
    }
  }

  /// Returns the `errno` of a failure.
  private func begin(_ id: UInt64, _ waiting: Waiting, _ readiness: Readiness) -> Int32? {
    let events =
      switch readiness {
      case .readable: EPOLLIN
      case .writable: EPOLLOUT
      }
    return state.withLock { state in
      if let code = watch(waiting.descriptor, events, id) { return code }
      let code = watch(waiting.deadline.timer, EPOLLIN, id) ?? startThread(&state)
      if code == nil { state.waiting[id] = waiting } else { unwatch(waiting) }
      return code
    }
  }

  private func watch(_ descriptor: Int32, _ events: EPOLL_EVENTS, _ id: UInt64) -> Int32? {
    var event = epoll_event()
    // Once: the thread need not spin until the task has been resumed.
    event.events = events.rawValue | EPOLLONESHOT.rawValue
    event.data.u64 = id
    return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) == 0 ? nil : errno
  }

  private func unwatch(_ waiting: Waiting) {
    for descriptor in [waiting.descriptor, waiting.deadline.timer] {
      epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, nil)
    }
  }

  private func end(_ id: UInt64, _ outcome: (Waiting) -> Wait) {
    let waiting = state.withLock { state in
      let waiting = state.waiting.removeValue(forKey: id)
      if let waiting { unwatch(waiting) }
      return waiting
    }
    guard let waiting else { return }
    waiting.continuation.resume(returning: outcome(waiting))
  }

  // MARK: The thread

  private func startThread(_ state: inout State) -> Int32? {
    if state.hasThread { return nil }
    do throws(SystemError) {
      try POSIX.startThread { self.run() }
      state.hasThread = true
      return nil
    } catch {
      return error.code
    }
  }

  private func run() {
    var events = [epoll_event](repeating: epoll_event(), count: 64)
    while true {
      let count = epoll_wait(poller, &events, Int32(clamping: events.count), Reactor.idleTime)
      for event in events.prefix(max(0, Int(count))) {
        end(event.data.u64) { $0.deadline.hasPassed ? .passed : .ready }
      }
      let isIdle = state.withLock { state in
        state.hasThread = count != 0 || !state.waiting.isEmpty
        return !state.hasThread
      }
      if isIdle { return }
    }
  }

  /// In milliseconds.
  private static let idleTime: Int32 = 1000
}
