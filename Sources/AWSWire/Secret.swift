/// A text that must never be seen: whatever prints, dumps or interpolates it gets a placeholder.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// Stands where a secret would.
  package static let placeholder = "‹redacted›"

  private let text: String

  package init(_ text: String) { self.text = text }

  /// The text itself, for signing and for finding it in what is about to be shown.
  package var revealed: String { text }

  package var description: String { Secret.placeholder }
  package var debugDescription: String { Secret.placeholder }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
