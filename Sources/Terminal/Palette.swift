/// What a piece of text means for its reader.
package enum Style: Sendable, CaseIterable {
  case plain
  /// A title.
  case strong
  /// Of lesser importance.
  case faint
  /// In order, or done.
  case good
  /// Under way.
  case active
  /// Will be tried again.
  case warning
  /// A person is needed.
  case bad
}

/// Shows styles as colours, or not at all.
package struct Palette: Equatable, Sendable {
  private let hasColours: Bool

  package static let plain = Palette(hasColours: false)
  package static let coloured = Palette(hasColours: true)

  private init(hasColours: Bool) { self.hasColours = hasColours }

  /// Colours on a terminal, unless `NO_COLOR` is set to something or the terminal has none.
  package init(isTerminal: Bool, environment: [String: String]) {
    let hasColours =
      isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    self = hasColours ? .coloured : .plain
  }

  package func show(_ text: String, as style: Style) -> String {
    guard hasColours, !text.isEmpty, let code = Palette.code(of: style) else { return text }
    return "\u{1b}[\(code)m\(text)\u{1b}[0m"
  }

  /// The parameters of `Select Graphic Rendition` (ECMA-48): the first sixteen colours only, which
  /// every theme of a terminal makes readable.
  private static func code(of style: Style) -> String? {
    switch style {
    case .plain: nil
    case .strong: "1"
    case .faint: "2"
    case .good: "32"
    case .active: "36"
    case .warning: "33"
    case .bad: "1;31"
    }
  }
}
