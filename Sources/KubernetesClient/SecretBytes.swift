/// Bytes that must not reach logs, errors or dumps: a token or a private key. Printing and
/// reflecting show only that there is one.
package struct SecretBytes: Sendable, Hashable, CustomStringConvertible,
  CustomDebugStringConvertible,
  CustomReflectable
{
  package let bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }
  package init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

  /// The secret itself. Never put it into a message.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  package var description: String { "<secret>" }
  package var debugDescription: String { "<secret>" }
  package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}
