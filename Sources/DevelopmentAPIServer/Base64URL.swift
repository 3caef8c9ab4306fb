/// Base64 with the alphabet for URLs and without padding (RFC 4648 §5), as tokens and continue
/// marks are written.
enum Base64URL {
  static func encode(_ bytes: some Collection<UInt8>) -> String {
    Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing(
      "=", with: "")
  }

  static func decode(_ text: String) -> [UInt8]? {
    guard !text.contains("+"), !text.contains("/"), !text.contains("=") else { return nil }
    var text = text.replacing("-", with: "+").replacing("_", with: "/")
    text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    return Base64.decode(text)
  }
}
