import TestSupport
import Testing

@testable import Service

@Suite("Notifications to systemd")
struct ServiceNotifierTests {
  @Test("Each message arrives in systemd's format")
  func messages() throws {
    let directory = try TemporaryDirectory()
    let peer = try DatagramPeer(directory["notify"])
    let notifier = ServiceNotifier(
      environment: ["NOTIFY_SOCKET": directory["notify"], "WATCHDOG_USEC": "3000000"])
    notifier.ready()
    notifier.ready(status: "2 domains")
    notifier.show(status: "2 domains in sync")
    notifier.notifyWatchdog()
    notifier.reloading(monotonic: .seconds(12) + .microseconds(345))
    notifier.stopping()
    var got: [String] = []
    while let text = peer.nextText { got.append(text) }
    #expect(
      got == [
        "READY=1", "READY=1\nSTATUS=2 domains", "STATUS=2 domains in sync", "WATCHDOG=1",
        "RELOADING=1\nMONOTONIC_USEC=12000345", "STOPPING=1",
      ])
  }

  @Test("A socket in the abstract namespace is found")
  func abstract() throws {
    let name = "@cognito-certd-test-\(UInt64.random(in: 0 ... .max))"
    let peer = try DatagramPeer(name)
    ServiceNotifier(environment: ["NOTIFY_SOCKET": name]).ready()
    #expect(peer.nextText == "READY=1")
  }

  @Test("Watchdog notifications are limited, are sent only with a watchdog, and never block")
  func signsOfLife() throws {
    let directory = try TemporaryDirectory()
    let peer = try DatagramPeer(directory["notify"])
    let socket = ["NOTIFY_SOCKET": directory["notify"]]
    let unwatched = ServiceNotifier(environment: socket)
    for _ in 0..<10_000 { unwatched.notifyWatchdog() }
    let watched = ServiceNotifier(
      environment: socket.merging(["WATCHDOG_USEC": "3600000000"]) { $1 })
    for _ in 0..<10_000 { watched.notifyWatchdog() }
    // Nothing reads the socket: a full queue must not block the loop.
    let busy = ServiceNotifier(environment: socket.merging(["WATCHDOG_USEC": "1"]) { $1 })
    for _ in 0..<10_000 {
      busy.notifyWatchdog()
      busy.show(status: "busy")
    }
    #expect(peer.nextText == "WATCHDOG=1")
    #expect(peer.nextText == "WATCHDOG=1")
    #expect(peer.nextText == "STATUS=busy")
  }

  @Test("A status line cannot set another variable, and is within systemd's limit")
  func statusIsOneLine() throws {
    let directory = try TemporaryDirectory()
    let peer = try DatagramPeer(directory["notify"])
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": directory["notify"]])
    notifier.show(status: "a\nMAINPID=1\r\u{0}\u{2028}b")
    #expect(peer.nextText == "STATUS=a MAINPID=1   b")
    notifier.show(status: String(repeating: "é", count: 5000))
    let long = try #require(peer.next())
    #expect(long.count < 1200)
  }

  @Test("Without a socket, or with a missing one, nothing happens")
  func absent() throws {
    let directory = try TemporaryDirectory()
    for path in [
      nil, "", "relative", "@", "vsock:2:1", directory["gone"],
      "/" + String(repeating: "x", count: 300), "@" + String(repeating: "x", count: 107),
    ] {
      let notifier = ServiceNotifier(environment: path.map { ["NOTIFY_SOCKET": $0] } ?? [:])
      notifier.ready(status: "x")
      notifier.reloading(monotonic: .seconds(-1))
      #expect(notifier.watchdogInterval == nil)
    }
  }

  @Test("The watchdog counts only for this process, and with a positive time")
  func watchdog() {
    func interval(_ microseconds: String?, _ pid: String?) -> Duration? {
      var environment: [String: String] = [:]
      environment["WATCHDOG_USEC"] = microseconds
      environment["WATCHDOG_PID"] = pid
      return ServiceNotifier(environment: environment, pid: 42).watchdogInterval
    }
    #expect(interval("180000000", "42") == .seconds(180))
    #expect(interval("180000000", nil) == .seconds(180))
    #expect(interval("180000000", "43") == nil)
    #expect(interval("180000000", "x") == nil)
    #expect(interval(nil, "42") == nil)
    for malformed in ["", "0", "-1", "3min", "99999999999999999999"] {
      #expect(interval(malformed, "42") == nil, "\(malformed)")
    }
    #expect(interval("9223372036854775807", "42") == .microseconds(Int64.max))
  }
}
