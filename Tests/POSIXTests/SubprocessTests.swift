import Glibc
import POSIX
import TestSupport
import Testing

@Suite("Programs", .timeLimit(.minutes(2)))
struct SubprocessTests {
  private static let limits = Subprocess.Limits(time: .seconds(60), output: 1000, errors: 20)

  private func run(
    _ script: String, uptime: @escaping @Sendable () -> Duration = { .zero }
  ) async -> Subprocess.Result {
    await Subprocess(
      ["sh", "-c", script], environment: ["A": "b c"], limits: SubprocessTests.limits
    ).run(uptime: uptime)
  }

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test("The output, the end of the standard error and the status of a program are returned")
  func ended() async {
    #expect(
      await run("echo \"$A\"; echo wrong >&2; exit 3")
        == Subprocess.Result(ending: .exited(3), output: bytes("b c\n"), errors: bytes("wrong\n")))
    #expect(await run("kill -TERM $$").ending == .signalled(SIGTERM))
    let long = await run("echo 0123456789012345678901234567890 >&2")
    #expect(long.errors == bytes("2345678901234567890\n"))
  }

  @Test("An output of exactly the limit is accepted, and one byte more is not")
  func limit() async {
    #expect(await run("head -c 1000 /dev/zero").output.count == 1000)
    #expect(await run("head -c 1000 /dev/zero").ending == .exited(0))
    #expect(await run("head -c 1001 /dev/zero").ending == .outputTooLarge)
    #expect(await run("yes").ending == .outputTooLarge)
  }

  @Test("A program that runs too long is killed")
  func tooLong() async {
    let looks = Guarded(0)
    let result = await run("exec sleep 300") {
      looks.withLock { looks in
        looks += 1
        return .seconds(looks < 10 ? 0 : 60)
      }
    }
    #expect(result.ending == .timedOut)
  }

  @Test("A cancelled task ends its program, also before it has begun")
  func cancelled() async {
    let task = Task { await run("exec sleep 300").ending }
    task.cancel()
    #expect(await task.value == .cancelled)
  }

  @Test("A program that cannot be started is an error of the system")
  func cannotStart() async {
    func ending(_ arguments: [String]) async -> Subprocess.Ending {
      await Subprocess(arguments, environment: [:], limits: SubprocessTests.limits)
        .run(uptime: { .zero }).ending
    }
    #expect(await ending(["/none"]) == .cannotStart(SystemError(code: ENOENT)))
    #expect(await ending(["/etc/passwd"]) == .cannotStart(SystemError(code: EACCES)))
    #expect(await ending([]) == .cannotStart(SystemError(code: EINVAL)))
    #expect(await ending(["sh", "a\0b"]) == .cannotStart(SystemError(code: EINVAL)))
  }

  @Test("Many programs run at the same time, and leave no file and no process behind")
  func many() async throws {
    func openFiles() throws -> Int {
      let directory = try #require(opendir("/proc/self/fd"))
      defer { closedir(directory) }
      var count = 0
      while readdir(directory) != nil { count += 1 }
      return count
    }
    await withTaskGroup { group in
      for number in 0..<40 {
        group.addTask { await run("sleep 0.2; echo \(number)") }
      }
      var outputs: Set<[UInt8]> = []
      for await result in group { outputs.insert(result.output) }
      #expect(outputs == Set((0..<40).map { bytes("\($0)\n") }))
    }
    // Other tests have files open, too, but none that 40 leaked pipes would not exceed.
    let before = try openFiles()
    for _ in 0..<20 { _ = await run("true") }
    #expect(try openFiles() < before + 20)
  }
}
