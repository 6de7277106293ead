/// Finds the known word that a misspelt one probably means.
package enum Suggestion {
  /// In bytes. Longer texts are not compared: no key and no word of a setting is longer.
  static let maximumLength = 64

  /// The one of `words` with the smallest edit distance to `wrong`, the first of several; nil when
  /// none is similar enough.
  static func nearest(to wrong: String, among words: [String]) -> String? {
    guard (1...maximumLength).contains(wrong.utf8.count) else { return nil }
    let plain = snakeCase(wrong)
    if let same = words.first(where: { $0.lowercased() == plain || snakeCase($0) == plain }) {
      return same
    }
    var best: (word: String, distance: Int)?
    for word in words where word.utf8.count <= maximumLength {
      let distance = distance(from: Array(plain.utf8), to: Array(snakeCase(word).utf8))
      let limit = max(1, min(3, word.utf8.count / 3))
      if distance <= limit, distance < (best?.distance ?? .max) { best = (word, distance) }
    }
    return best?.word ?? words.first { abbreviates(plain, $0) || abbreviates($0, plain) }
  }

  /// Whether `long` begins with `short`, which has at least 3 characters.
  private static func abbreviates(_ short: String, _ long: String) -> Bool {
    short.utf8.count >= 3 && long.hasPrefix(short)
  }

  /// `; did you mean "arn"?`, or nothing.
  static func hint(_ wrong: String, among words: [String]) -> String {
    nearest(to: wrong, among: words).map { "; did you mean \"\($0)\"?" } ?? ""
  }

  /// `userPoolId` and `user-pool-id` as `user_pool_id`.
  private static func snakeCase(_ word: String) -> String {
    var result = ""
    var previousIsLower = false
    for character in word {
      if character.isUppercase, previousIsLower { result += "_" }
      result += character == "-" || character == " " ? "_" : character.lowercased()
      previousIsLower = character.isLowercase
    }
    return result
  }

  /// The number of insertions, removals, replacements and swaps of neighbours that turn one word
  /// into the other (the restricted Damerau-Levenshtein distance).
  static func distance(from: [UInt8], to: [UInt8]) -> Int {
    var rows = [Array(0...to.count)]
    for (i, left) in from.enumerated() {
      var row = [i + 1]
      for (j, right) in to.enumerated() {
        var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (left == right ? 0 : 1))
        if i > 0, j > 0, left == to[j - 1], from[i - 1] == right {
          cost = min(cost, rows[i - 1][j - 1] + 1)
        }
        row.append(cost)
      }
      rows.append(row)
    }
    return rows[from.count][to.count]
  }
}
