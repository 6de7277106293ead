import Foundation
import Reconciliation
import RolloutCore
import StateStore
import TestSupport
import Testing

private let perl = "/usr/bin/perl"

@Suite("One daemon for a state file")
struct LockTests {
  @Test("a second daemon is refused, with the process id of the first one")
  func second() async throws {
    let scratch = try Scratch()
    let lock = try ProcessLock.acquire(
      stateFile: scratch.state, heartbeat: "/run/x/heartbeat", pid: 4711)
    let store = try StateStore.open(path: scratch.state, mode: .daemon, holding: lock)
    let failure = await failure {
      _ = try ProcessLock.acquire(stateFile: scratch.state, heartbeat: nil)
    }
    #expect(failure?.kind == .locked(pid: 4711))
    #expect(failure?.message.contains("process 4711 runs with it already") == true)
    #expect(
      try ProcessLock.holder(ofStateFile: scratch.state)
        == ProcessLock.Holder(pid: 4711, heartbeat: "/run/x/heartbeat"))
    #expect(permissions(scratch.state + ".lock") == 0o600)
    #expect(
      try bytes(scratch.state + ".lock")
        == Array("pid=4711\nheartbeat=/run/x/heartbeat\n".utf8))
    try await store.commit(StateChange())
  }

  @Test("the lock is released with the store that holds it")
  func keptByStore() async throws {
    let scratch = try Scratch()
    var store: StateStore? = try StateStore.open(
      path: scratch.state, mode: .daemon,
      holding: try ProcessLock.acquire(stateFile: scratch.state, heartbeat: nil, pid: 1))
    #expect(try ProcessLock.holder(ofStateFile: scratch.state)?.pid == 1)
    #expect(try await store?.loadRecords() == [])
    store = nil
    #expect(try ProcessLock.holder(ofStateFile: scratch.state) == nil)
    _ = try ProcessLock.acquire(stateFile: scratch.state, heartbeat: nil, pid: 2)
  }

  @Test("the lock is released when the store is closed, after its files are in order")
  func releasedByClose() throws {
    let scratch = try Scratch()
    let store = try StateStore.open(
      path: scratch.state, mode: .daemon,
      holding: try ProcessLock.acquire(stateFile: scratch.state, heartbeat: nil, pid: 1))
    #expect(try ProcessLock.holder(ofStateFile: scratch.state)?.pid == 1)
    try store.close()
    #expect(try ProcessLock.holder(ofStateFile: scratch.state) == nil)
    #expect(try scratch.names() == ["state.sqlite", "state.sqlite.lock"])
  }

  @Test(
    "a file that was never locked, or was released, has no holder, and the question creates no file"
  )
  func noHolder() throws {
    let scratch = try Scratch()
    #expect(try ProcessLock.holder(ofStateFile: scratch.state) == nil)
    #expect(try scratch.names().isEmpty)
    let lock = try ProcessLock.acquire(stateFile: scratch.state, heartbeat: nil, pid: 1)
    #expect(
      try ProcessLock.holder(ofStateFile: scratch.state)
        == ProcessLock.Holder(pid: 1, heartbeat: nil))
    lock.release()
    lock.release()
    #expect(try ProcessLock.holder(ofStateFile: scratch.state) == nil)
    let next = try ProcessLock.acquire(stateFile: scratch.state, heartbeat: nil, pid: 2)
    #expect(try ProcessLock.holder(ofStateFile: scratch.state)?.pid == 2)
    next.release()
  }

  @Test("a shorter text leaves nothing of a longer one")
  func rewritten() throws {
    let scratch = try Scratch()
    let long = String(repeating: "x", count: 2000)
    try ProcessLock.acquire(stateFile: scratch.state, heartbeat: long, pid: 1).release()
    let lock = try ProcessLock.acquire(stateFile: scratch.state, heartbeat: "y", pid: 2)
    #expect(try bytes(scratch.state + ".lock") == Array("pid=2\nheartbeat=y\n".utf8))
    lock.release()
  }

  @Test("a lock file without a process id has a holder without one")
  func nonsense() throws {
    let scratch = try Scratch()
    let lock = try ProcessLock.acquire(stateFile: scratch.state, heartbeat: nil, pid: 1)
    try Data("pid=none\n=\nother=1\n".utf8).withUnsafeBytes { buffer in
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.state + ".lock"))
      try handle.truncate(atOffset: 0)
      try handle.write(contentsOf: Data(buffer))
      try handle.close()
    }
    #expect(
      try ProcessLock.holder(ofStateFile: scratch.state)
        == ProcessLock.Holder(pid: nil, heartbeat: nil))
    lock.release()
  }

  @Test("a path that cannot be locked is refused before a lock is left there")
  func wrongPaths() async throws {
    let scratch = try Scratch()
    let cases = [
      (scratch.path + "/none/state.sqlite", "create it for the daemon's user"),
      (scratch.path, "is a directory"),
    ]
    for (path, reason) in cases {
      let failure = await failure { _ = try ProcessLock.acquire(stateFile: path, heartbeat: nil) }
      #expect(failure?.message.contains(reason) == true, "\(failure as Any)")
    }
    #expect(symlink("/dev/null", scratch.state + ".lock") == 0)
    #expect(throws: StateFailure.self) {
      try ProcessLock.acquire(stateFile: scratch.state, heartbeat: nil)
    }
    #expect(!exists(scratch.path + ".lock"))
  }

  @Test(
    "another process is refused, and its death releases the lock",
    .enabled(if: FileManager.default.isExecutableFile(atPath: perl)))
  func otherProcess() async throws {
    let scratch = try Scratch()
    try write(Array("pid=99\n".utf8), to: scratch.state + ".lock")
    // struct flock: l_type, l_whence, padding, l_start, l_len, l_pid, padding; 37: F_OFD_SETLK.
    let script = """
      open(my $f, "+<", $ARGV[0]) or die; my $l = pack("ssx4qqix4", 1, 0, 0, 0, 0);
      fcntl($f, 37, $l) or die; $| = 1; print "locked\\n"; <STDIN>;
      """
    let process = try ChildProcess(
      perl, ["-e", script, scratch.state + ".lock"], environment: [:],
      output: scratch.path + "/perl", input: .pipe)
    #expect(try await process.firstLine() == "locked")
    #expect(try ProcessLock.holder(ofStateFile: scratch.state)?.pid == 99)
    let refused = await failure {
      _ = try ProcessLock.acquire(stateFile: scratch.state, heartbeat: nil)
    }
    #expect(refused?.kind == .locked(pid: 99))
    process.kill()
    #expect(try ProcessLock.holder(ofStateFile: scratch.state) == nil)
    try ProcessLock.acquire(stateFile: scratch.state, heartbeat: nil).release()
  }
}
