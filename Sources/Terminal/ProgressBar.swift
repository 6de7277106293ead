/// A bar of a fixed width: `[######----]`.
package enum ProgressBar {
  /// - Parameters:
  ///   - part: of `whole`; what is outside 0 to `whole` is shown as the nearest end. It is full only
  ///     when nothing is missing.
  ///   - columns: with the brackets.
  package static func text(_ part: Double, of whole: Double, columns: Int) -> String {
    let room = max(1, columns - 2)
    let share = whole > 0 && part.isFinite ? min(1, max(0, part / whole)) : 0
    let filled = Int(share * Double(room))
    return "[" + String(repeating: "#", count: filled)
      + String(repeating: "-", count: room - filled) + "]"
  }
}
