import Configuration
import RolloutCore
import Testing

@Suite("Durations")
struct DurationNotationTests {
  @Test(
    "A duration is the sum of its parts",
    arguments: [
      ("0", 0), ("0s", 0), ("0d0h0m0s0ms", 0), ("1ms", 1), ("500ms", 500), ("45s", 45_000),
      ("90m", 5_400_000), ("1h30m", 5_400_000), ("1d", 86_400_000), ("1m1ms", 60_001),
      ("01s", 1000), ("1d2h3m4s5ms", 93_784_005), ("3650d", 315_360_000_000),
      ("315360000000ms", 315_360_000_000),
    ] as [(String, Int64)])
  func accepted(text: String, milliseconds: Int64) throws {
    #expect(try DurationNotation.parse(text) == .milliseconds(milliseconds))
  }

  @Test("A duration that the program prints can be written in the file")
  func printed() throws {
    for milliseconds: Int64 in [0, 1, 999, 1000, 61_001, 3_600_000, 93_784_005, 315_360_000_000] {
      let duration = Duration.milliseconds(milliseconds)
      #expect(try DurationNotation.parse(duration.compact) == duration)
    }
  }

  @Test(
    "Every other text is refused",
    arguments: [
      "", " ", "1", "00", "300", "-1s", "+1s", "1.5h", "1,5h", "1 h", " 1h", "1h ", "1H", "1w",
      "1us", "1y", "h", "hm", "1h2", "1m1h", "1s1s", "1ms1s", "1hh", "1h-1m", "3650d1ms", "3651d",
      "99999999999999999999s", "9223372036854775807d", "9223372036854775808ms", "١s", "1ｓ",
      "1s\u{301}",
      "1h30", "infinity", "0x1s", "1e3s",
    ])
  func refused(text: String) {
    #expect(throws: Malformed.self) { try DurationNotation.parse(text) }
  }
}
