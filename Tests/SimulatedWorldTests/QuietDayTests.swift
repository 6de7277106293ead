import Foundation
import Narration
import SimulatedWorld
import Testing

/// `WORLD_QUIET_DAY=1 swift test --filter QuietDayTests` plays a whole day and prints the figures.
@Suite("A quiet day")
struct QuietDayTests {
  static let isWhole = ProcessInfo.processInfo.environment["WORLD_QUIET_DAY"] != nil
  static let hours: Int64 = isWhole ? 24 : 4

  @Test("a day in which nothing happens costs no write and no line in the log")
  func quietDay() async throws {
    let directory = try WorldTests.makeDirectory()
    defer { WorldTests.remove(directory) }
    let day = try await QuietDay(hours: QuietDayTests.hours, directory: directory)
    #expect(day.violations == [])
    #expect(day.commits == 0)
    let loud = day.events.filter { $0.key != "debug" && $0.value != 0 }
    #expect(loud.isEmpty, "\(loud)")
    let (domains, hours) = (Int64(day.domains), QuietDayTests.hours)
    let descriptions = Int64(day.requests["DescribeUserPoolDomain"] ?? 0)
    // One an hour each, and the first one.
    #expect(
      (domains * hours...domains * (hours + 2)).contains(descriptions), "\(descriptions)")
    let lists = Int64(day.requests["ListCertificates"] ?? 0)
    #expect(lists >= Int64(day.accounts) * 12 * hours, "\(lists)")
    if !QuietDayTests.isWhole { return }
    print(
      "\(day.domains) domains in \(day.accounts) accounts, \(QuietDayTests.hours) hours, nothing happens"
    )
    print("  commits after the first look: \(day.commits)")
    for (level, count) in day.events.sorted(by: { $0.key < $1.key }) {
      print("  events after the first look, \(level): \(count)")
    }
    for (operation, count) in day.requests.sorted(by: { $0.key < $1.key }) {
      print("  \(operation): \(count)")
    }
  }
}
