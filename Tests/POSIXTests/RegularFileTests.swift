import Glibc
import POSIX
import TestSupport
import Testing

@Suite("Reading of regular files")
struct RegularFileTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func file(_ name: String, size: Int) throws -> String {
    let path = directory[name]
    try [UInt8](repeating: 7, count: size).withUnsafeBytes { bytes in
      let file = try #require(fopen(path, "w"))
      #expect(fwrite(bytes.baseAddress, 1, size, file) == size)
      #expect(fclose(file) == 0)
    }
    return path
  }

  private func failure(_ path: String, finalLink: RegularFile.FinalLink = .followed)
    -> RegularFile.Failure?
  {
    do throws(RegularFile.Failure) {
      _ = try RegularFile.read(path, limit: 100, finalLink: finalLink)
      return nil
    } catch {
      return error
    }
  }

  @Test("A file of exactly the limit is read whole, one byte more is refused")
  func limit() throws {
    let limit = 100_000
    #expect(try RegularFile.read(file("exact", size: limit), limit: limit).count == limit)
    #expect(throws: RegularFile.Failure.isLarger(thanBytes: limit)) {
      try RegularFile.read(file("over", size: limit + 1), limit: limit)
    }
    #expect(try RegularFile.read(file("empty", size: 0), limit: 0) == [])
  }

  @Test("A pipe, a device and a directory are refused at once")
  func notRegular() {
    let pipe = directory["pipe"]
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(failure(pipe) == .isSpecial)
    #expect(failure("/dev/zero") == .isSpecial)
    #expect(failure(directory.path) == .isDirectory)
    #expect(throws: RegularFile.Failure.isDirectory) { try RegularFile.check(directory.path) }
  }

  @Test("A missing file and an invalid path are different failures")
  func missing() {
    #expect(failure(directory["none"]) == .cannotOpen(SystemError(code: ENOENT)))
    #expect(failure("") == .invalidPath)
    #expect(failure("a\u{0}b") == .invalidPath)
  }

  @Test("A symbolic link is followed unless the caller refuses links")
  func links() throws {
    let (path, link) = (try file("target", size: 3), directory["link"])
    #expect(symlink(path, link) == 0)
    #expect(try RegularFile.read(link, limit: 3) == [7, 7, 7])
    #expect(failure(link, finalLink: .refused) == .cannotOpen(SystemError(code: ELOOP)))
  }
}
