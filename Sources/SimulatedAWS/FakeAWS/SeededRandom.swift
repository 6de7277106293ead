/// Repeatable random numbers: the same seed and the same words give the same number.
///
/// A number depends on the words that name its purpose and not on earlier numbers. So a history does
/// not depend on the order in which concurrent requests arrive.
package struct SeededRandom: Sendable {
  package let seed: UInt64

  package init(seed: UInt64) {
    self.seed = seed
  }

  /// 64 bits: FNV-1a over the words, then the finaliser of SplitMix64.
  package func bits(_ words: String...) -> UInt64 { bits(words) }

  func bits(_ words: [String]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
    for word in words {
      for byte in word.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      hash = (hash ^ 0x1f) &* 0x100_0000_01b3
    }
    hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
    hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
    return hash ^ (hash >> 31)
  }

  /// A number from 0 up to, not including, `bound`.
  package func below(_ bound: UInt64, _ words: String...) -> UInt64 {
    bound == 0 ? 0 : bits(words) % bound
  }

  /// 32 hexadecimal digits in the grouping of a UUID.
  package func uuid(_ words: String...) -> String {
    let digits = hex(bits(words + ["high"])) + hex(bits(words + ["low"]))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(index) { text += "-" }
      text.append(digit)
    }
    return text
  }

  /// `count` letters and digits, for keys and tokens.
  package func letters(_ count: Int, _ words: String...) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    return String(
      (0..<max(0, count)).map { alphabet[Int(bits(words + [String($0)]) % 32)] })
  }

  private func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
