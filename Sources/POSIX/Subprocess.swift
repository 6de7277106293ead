package import Glibc

/// A program that runs for a limited time and whose output is read.
///
/// It has its own process group, which is killed when the program exceeds a limit. It inherits no
/// file but its three streams; its standard input is empty.
package struct Subprocess: Sendable {
  package let arguments: [String]
  package let environment: [String: String]
  package let limits: Limits

  /// - Parameter arguments: the program first, which is searched in `PATH` if it has no slash.
  package init(_ arguments: [String], environment: [String: String], limits: Limits) {
    self.arguments = arguments
    self.environment = environment
    self.limits = limits
  }

  package struct Limits: Sendable {
    package let time: Duration
    /// Bytes of the standard output. A program that writes more is killed.
    package let output: Int
    /// The last bytes of the standard error that are kept.
    package let errors: Int

    package init(time: Duration, output: Int, errors: Int) {
      self.time = time
      self.output = output
      self.errors = errors
    }
  }

  package struct Result: Equatable, Sendable {
    package let ending: Ending
    package let output: [UInt8]
    package let errors: [UInt8]

    package init(ending: Ending, output: [UInt8], errors: [UInt8]) {
      self.ending = ending
      self.output = output
      self.errors = errors
    }
  }

  package enum Ending: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)
    /// It was killed because it did not end in time.
    case timedOut
    /// It was killed because it wrote more than the limit.
    case outputTooLarge
    /// It was killed because the task that waits was cancelled.
    case cancelled
    case cannotStart(SystemError)
  }

  /// Runs the program on a thread of its own, so that a program that hangs occupies no thread of the
  /// pool of Swift's tasks. Cancelling the task kills the program.
  ///
  /// - Parameter uptime: a clock that no one sets.
  package func run(uptime: @escaping @Sendable () -> Duration) async -> Result {
    let control = Guarded(Control())
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        do throws(SystemError) {
          try startThread(stackSize: Subprocess.stackSize) {
            continuation.resume(returning: runHere(control, uptime: uptime))
          }
        } catch {
          continuation.resume(
            returning: Result(ending: .cannotStart(error), output: [], errors: []))
        }
      }
    } onCancel: {
      control.withLock { control in
        control.isCancelled = true
        if let group = control.group { _ = kill(-group, SIGKILL) }
      }
    }
  }

  /// What the thread and a cancellation share.
  private struct Control {
    var isCancelled = false
    /// The process group, as long as its first process was not waited for.
    var group: pid_t?
  }

  /// In bytes. The thread only reads and waits.
  private static let stackSize = 256 << 10
  /// In milliseconds. Every step also looks whether the program has ended, because a process that it
  /// left behind may keep its streams open.
  private static let step: Int32 = 50

  private func runHere(
    _ control: Guarded<Control>, uptime: @Sendable () -> Duration
  ) -> Result {
    var streams: Streams
    do throws(SystemError) {
      streams = try Streams(limits)
    } catch {
      return Result(ending: .cannotStart(error), output: [], errors: [])
    }
    defer { streams.close() }
    let started = uptime()
    let child: pid_t
    do throws(SystemError) {
      child = try start(writingTo: streams)
    } catch {
      return Result(ending: .cannotStart(error), output: [], errors: [])
    }
    streams.closeWriters()
    let isCancelled = control.withLock { control in
      control.group = child
      return control.isCancelled
    }
    if isCancelled { _ = kill(-child, SIGKILL) }
    var violation: Ending?
    while true {
      // Looked at before the streams are read, so that everything that it wrote is read.
      let hasEnded = Subprocess.hasEnded(child)
      streams.read(waiting: hasEnded ? 0 : Subprocess.step)
      if hasEnded { break }
      if violation != nil { continue }
      if streams.isTooLarge { violation = .outputTooLarge }
      if uptime() - started >= limits.time { violation = violation ?? .timedOut }
      if violation != nil { _ = kill(-child, SIGKILL) }
    }
    let wasCancelled = control.withLock { control in
      control.group = nil
      return control.isCancelled
    }
    if streams.isTooLarge { violation = violation ?? .outputTooLarge }
    // Before the process is waited for, because its id may be used again afterwards.
    if wasCancelled || violation != nil { _ = kill(-child, SIGKILL) }
    let ending = Subprocess.ending(of: child)
    return Result(
      ending: wasCancelled ? .cancelled : violation ?? ending, output: streams.output,
      errors: streams.errors)
  }

  // MARK: The process

  private func start(writingTo streams: Streams) throws(SystemError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, streams.outputWriter, 1)
    posix_spawn_file_actions_adddup2(&actions, streams.errorWriter, 2)
    try Subprocess.closeOtherFiles(&actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The daemon ignores some signals, and this thread blocks all of them.
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETPGROUP))
    let variables = environment.map { "\($0.key)=\($0.value)" }
    guard let program = arguments.first, !program.isEmpty,
      !(arguments + variables).contains(where: { $0.utf8.contains(0) })
    else { throw SystemError(code: EINVAL) }
    var child: pid_t = 0
    let code = Subprocess.withTexts(arguments) { argv in
      Subprocess.withTexts(variables) { envp in
        posix_spawnp(&child, program, &actions, &attributes, argv, envp)
      }
    }
    guard code == 0 else { throw SystemError(code: code) }
    return child
  }

  private typealias CloseFrom =
    @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32

  /// Closes everything but the three streams in the program: libraries open files without O_CLOEXEC.
  package static func closeOtherFiles(
    _ actions: inout posix_spawn_file_actions_t
  ) throws(SystemError) {
    // An extension of glibc since 2.34, which Swift does not import.
    guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else {
      throw SystemError(code: ENOSYS)
    }
    let code = unsafeBitCast(symbol, to: CloseFrom.self)(&actions, 3)
    if code != 0 { throw SystemError(code: code) }
  }

  /// Calls `body` with a list of C strings that ends with a null pointer.
  private static func withTexts(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Int32
  ) -> Int32 {
    let pointers = texts.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
  }

  /// Leaves the process to be waited for, so that its id stays its own.
  private static func hasEnded(_ child: pid_t) -> Bool {
    var information = siginfo_t()
    let code = waitid(P_PID, id_t(child), &information, WEXITED | WNOHANG | WNOWAIT)
    if code != 0 { return errno != EINTR }
    return information.si_signo != 0
  }

  private static func ending(of child: pid_t) -> Ending {
    var status: Int32 = 0
    while waitpid(child, &status, 0) != child {
      // Where SIGCHLD is ignored the kernel keeps no status.
      guard errno == EINTR else { return .cannotStart(.last) }
    }
    let signal = status & 0x7f
    return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
  }

  // MARK: Its streams

  private struct Streams {
    private let limits: Limits
    private var outputReader: Int32
    private var errorReader: Int32
    private(set) var outputWriter: Int32
    private(set) var errorWriter: Int32
    private(set) var output: [UInt8] = []
    private(set) var errors: [UInt8] = []
    private(set) var isTooLarge = false

    private static let none: Int32 = -1
    /// In bytes.
    private static let chunkSize = 16 << 10
    /// More than a pipe holds, which is 64 KiB.
    private static let chunksOfPipe = 8

    init(_ limits: Limits) throws(SystemError) {
      self.limits = limits
      let (reader, writer) = try Streams.pipe()
      (outputReader, outputWriter) = (reader, writer)
      do throws(SystemError) {
        (errorReader, errorWriter) = try Streams.pipe()
      } catch {
        _ = Glibc.close(reader)
        _ = Glibc.close(writer)
        throw error
      }
    }

    private static func pipe() throws(SystemError) -> (reader: Int32, writer: Int32) {
      var ends: [Int32] = [0, 0]
      guard Glibc.pipe(&ends) == 0 else { throw .last }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      // Only the reader: the flag of the writer would be the program's, too.
      _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
      return (ends[0], ends[1])
    }

    mutating func closeWriters() {
      Streams.close(&outputWriter)
      Streams.close(&errorWriter)
    }

    mutating func close() {
      closeWriters()
      Streams.close(&outputReader)
      Streams.close(&errorReader)
    }

    private static func close(_ descriptor: inout Int32) {
      if descriptor != none { _ = Glibc.close(descriptor) }
      descriptor = none
    }

    /// Waits until there is something to read, but not longer than `milliseconds`, and reads it.
    mutating func read(waiting milliseconds: Int32) {
      // poll ignores a negative descriptor, and with two of them only waits.
      var watched = [outputReader, errorReader].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      _ = poll(&watched, nfds_t(watched.count), milliseconds)
      let written = Streams.read(&outputReader)
      let room = limits.output - output.count
      output += written.prefix(room)
      if written.count > room { isTooLarge = true }
      errors += Streams.read(&errorReader)
      errors.removeFirst(max(0, errors.count - limits.errors))
    }

    /// What is there, and closes the descriptor at its end.
    private static func read(_ descriptor: inout Int32) -> [UInt8] {
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: chunkSize)
      for _ in 0..<chunksOfPipe where descriptor != none {
        let count = Glibc.read(descriptor, &chunk, chunk.count)
        if count > 0 {
          bytes += chunk[..<count]
        } else if count == 0 {
          close(&descriptor)
        } else if errno != EINTR {
          break
        }
      }
      return bytes
    }
  }
}
