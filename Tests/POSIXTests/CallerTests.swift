import Glibc
import POSIX
import Testing

@Suite("The caller of a command")
struct CallerTests {
  @Test("is who called sudo where the process is root's, otherwise the account or its number")
  func names() {
    func name(_ user: UInt32, _ sudoUser: String?, _ account: String?) -> String {
      Caller.name(user: user, sudoUser: sudoUser, account: account)
    }
    #expect(name(0, "alice", "root") == "alice")
    #expect(name(0, "", "root") == "root")
    #expect(name(0, nil, "root") == "root")
    // Anyone can set the variable.
    #expect(name(1001, "alice", "bob") == "bob")
    #expect(name(1001, nil, nil) == "1001")
  }

  @Test("is found for this process")
  func own() {
    #expect(!Caller.name(environment: [:]).isEmpty)
    if getuid() == 0 {
      #expect(Caller.name(environment: [:]) == "root")
      #expect(Caller.name(environment: ["SUDO_USER": "alice"]) == "alice")
    }
  }
}

@Suite("The results of a command")
struct ResultStreamTests {
  private func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    try #require(Glibc.pipe(&ends) == 0)
    return (ends[0], ends[1])
  }

  @Test("are written whole, however slowly they are read")
  func whole() async throws {
    let (reader, writer) = try pipe()
    _ = fcntl(writer, F_SETFL, O_NONBLOCK)
    let text = String(repeating: "0123456789abcdef", count: 20_000)
    async let written: Void = {
      try ResultStream(descriptor: writer).write(text)
      close(writer)
    }()
    var read: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Glibc.read(reader, &buffer, buffer.count)
      if count <= 0 { break }
      read += buffer[..<count]
      await Task.yield()
    }
    try await written
    close(reader)
    #expect(read == Array(text.utf8))
  }

  @Test("end when the reader has closed the pipe, and the process goes on")
  func closed() throws {
    let (reader, writer) = try pipe()
    close(reader)
    #expect(throws: ResultStream.Ending.closed) {
      try ResultStream(descriptor: writer).write("a line\n")
    }
    close(writer)
  }

  @Test("that cannot be written are an error")
  func failed() throws {
    let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
    try #require(full >= 0)
    #expect(throws: ResultStream.Ending.failed(SystemError(code: ENOSPC))) {
      try ResultStream(descriptor: full).write("a line\n")
    }
    close(full)
  }
}
