/// The secrets that the process holds, in all their forms, and the search for them: one look-up for
/// each byte of a text, however many secrets there are.
struct KnownSecrets {
  /// The long forms by their first eight bytes.
  private var long: [UInt64: Set<[UInt8]>] = [:]
  private var words: Set<[UInt8]> = []
  /// The long forms of temporary secrets, oldest first, of which the newest are kept.
  private var order: [[UInt8]] = []

  /// Temporary keys change every hour, for months.
  static let maximumForms = 16_384

  /// - Parameter isTemporary: whether newer temporary secrets may push it out.
  mutating func add(_ forms: SecretForms, isTemporary: Bool) {
    words.formUnion(forms.words)
    for form in forms.long
    where long[KnownSecrets.key(form[...]), default: []].insert(form).inserted && isTemporary {
      order.append(form)
    }
    let excess = order.count - KnownSecrets.maximumForms
    // Rarely, because the array moves.
    guard excess > KnownSecrets.maximumForms / 4 else { return }
    for form in order.prefix(excess) { long[KnownSecrets.key(form[...])]?.remove(form) }
    order.removeFirst(excess)
  }

  func removed(from text: [UInt8], matchingWords: Bool) -> [UInt8] {
    if long.isEmpty && (words.isEmpty || !matchingWords) { return text }
    var kept: [UInt8] = []
    kept.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      let length =
        longMatch(in: text[index...])
        ?? (matchingWords ? wordMatch(in: text, at: index) : nil)
      if let length {
        kept += Redaction.placeholder.utf8
        index += length
      } else {
        kept.append(text[index])
        index += 1
      }
    }
    return kept
  }

  /// The length of the longest secret that the text begins with. The end of a text may have cut it.
  private func longMatch(in text: ArraySlice<UInt8>) -> Int? {
    guard text.count >= SecretForms.minimumLength, let forms = long[KnownSecrets.key(text)] else {
      return nil
    }
    return forms.filter { text.starts(with: $0) || $0.starts(with: text) }
      .map { min($0.count, text.count) }.max()
  }

  /// The length of the longest word that is at an index, between characters that are not of words.
  private func wordMatch(in text: [UInt8], at index: Int) -> Int? {
    if index > 0, KnownSecrets.isWordByte(text[index - 1]) || text[index - 1] == UInt8(ascii: ".") {
      return nil
    }
    return words.filter { word in
      guard text[index...].starts(with: word) else { return false }
      var rest = text[(index + word.count)...]
      if rest.first == UInt8(ascii: ".") { rest = rest.dropFirst() }
      return !(rest.first.map(KnownSecrets.isWordByte) ?? false)
    }.map(\.count).max()
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x80..., UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
  }

  private static func key(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.prefix(SecretForms.minimumLength).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
