import Foundation
import RolloutCore
import TestSupport
import Testing

@testable import EdgeProbe

@Suite("Roots and names, looked at alone")
struct HostCheckTests {
  @Test("the roots of a file are counted, and a file without any is a failure")
  func roots() async throws {
    let probe = OpenSSLEdgeProbe()
    let directory = try TemporaryDirectory()
    let (first, second) = (try Authority("one").pem, try Authority("two").pem)
    try first.write(toFile: directory["one.pem"], atomically: true, encoding: .utf8)
    try (first + second).write(toFile: directory["two.pem"], atomically: true, encoding: .utf8)
    #expect(try await probe.countRoots(caFile: directory["one.pem"]) == 1)
    #expect(try await probe.countRoots(caFile: directory["two.pem"]) == 2)
    try "nothing\n".write(toFile: directory["none.pem"], atomically: true, encoding: .utf8)
    for name in ["none.pem", "absent.pem"] {
      await #expect(throws: Failure.self) {
        _ = try await probe.countRoots(caFile: directory[name])
      }
    }
  }

  @Test("a name that does not exist and a lookup that failed have different results")
  func names() async throws {
    let local = try #require(EdgeAddress("127.0.0.1", port: 443))
    let probe = OpenSSLEdgeProbe(
      lookUp: { host, _ in
        switch host {
        case "there": .addresses([local])
        case "absent": .failed("name or service not known")
        case "empty": .failed("it has no address")
        default: .failed("temporary failure in name resolution")
        }
      })
    #expect(await probe.addresses(of: "there") == .addresses([local]))
    #expect(await !probe.addresses(of: "there").isAbsent)
    #expect(await probe.addresses(of: "absent").isAbsent)
    #expect(await probe.addresses(of: "empty").isAbsent)
    #expect(await !probe.addresses(of: "other").isAbsent)
    #expect(local.host == "127.0.0.1" && local.isIPv4 && local.description == "127.0.0.1:443")
    let other = try #require(EdgeAddress("2001:db8::1", port: 443))
    #expect(
      other.host == "2001:db8::1" && !other.isIPv4 && other.description == "[2001:db8::1]:443")
  }
}
