import Glibc
import POSIX
import Testing

@Suite("Locks and threads")
struct ThreadTests {
  @Test("A thread runs its work with every signal blocked, and the caller's mask stays")
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

  @Test("A value that many threads change loses no change")
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

  @Test("An error of the system is told in its words, in lower case")
  func words() {
    #expect(SystemError(code: ENOENT).description == "no such file or directory")
    #expect(SystemError(code: EACCES).description == "permission denied")
  }
}
