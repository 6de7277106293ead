import Glibc
import POSIX
import Testing

@Suite("Locks and threads")
struct ThreadTests {
  @Test("A thread runs with every signal blocked, and the caller's mask does not change")
  func signals() throws {
    var before = sigset_t()
    sigemptyset(&before)
    sigaddset(&before, SIGPIPE)
    var own = sigset_t()
    pthread_sigmask(SIG_SETMASK, &before, &own)
    defer { pthread_sigmask(SIG_SETMASK, &own, nil) }
    let seen = Guarded<Int32?>(nil)
    try startThread {
      var blocked = sigset_t()
      pthread_sigmask(SIG_BLOCK, nil, &blocked)
      seen.withLock { $0 = sigismember(&blocked, SIGTERM) }
    }
    seen.wait { $0 != nil }
    #expect(seen.withLock { $0 } == 1)
    var after = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &after)
    #expect(sigismember(&after, SIGPIPE) == 1)
    #expect(sigismember(&after, SIGTERM) == 0)
  }

  @Test("No change is lost when many threads change a value")
  func counting() throws {
    let count = Guarded(0)
    for _ in 0..<8 {
      try startThread {
        for _ in 0..<1000 { count.withLock { $0 += 1 } }
      }
    }
    count.wait { $0 == 8000 }
    #expect(count.withLock { $0 } == 8000)
  }

  @Test("A system error is described by the system's text in lower case")
  func words() {
    #expect(SystemError(code: ENOENT).description == "no such file or directory")
    #expect(SystemError(code: EACCES).description == "permission denied")
  }
}
