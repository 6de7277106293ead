import Redaction

/// A text that must not be shown. Printing, dumping or interpolating it gives a placeholder.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// Shown in place of a secret.
  package static let placeholder = Redaction.placeholder

  private let text: String

  package init(_ text: String) { self.text = text }

  /// The text itself, for signing and for finding it in other texts.
  package var revealed: String { text }

  package var description: String { Secret.placeholder }
  package var debugDescription: String { Secret.placeholder }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
