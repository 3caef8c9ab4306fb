/// Where a container image comes from: `[registry[:port]/]repository[:tag][@digest]`.
///
/// The text is kept as it was given, so `name:tag@sha256:…` reaches the Pod whole.
package struct ImageReference: Sendable, Hashable, CustomStringConvertible {
  /// As given.
  package let description: String
  /// Registry and path, without tag and digest.
  package let repository: String
  package let tag: String?
  /// `sha256:` and the digest in lower-case hexadecimal digits.
  package let digest: String?

  /// The last part of the repository.
  var name: Substring { repository.split(separator: "/").last ?? "" }

  /// Reads a reference by the grammar of the OCI distribution specification.
  package init(_ text: String) throws(ImageReferenceError) {
    guard !text.isEmpty else { throw .empty }
    var rest = text[...]
    digest = try Self.cutDigest(&rest)
    tag = try Self.cutTag(&rest)
    repository = String(rest)
    description = text
    try Self.checkRepository(repository)
  }

  /// Takes `@sha256:…` off the end.
  private static func cutDigest(
    _ rest: inout Substring
  ) throws(ImageReferenceError) -> String? {
    guard let at = rest.firstIndex(of: "@") else { return nil }
    let digest = rest[rest.index(after: at)...]
    rest = rest[..<at]
    let parts = digest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let isHexadecimal =
      parts.last?.utf8.allSatisfy {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
      } ?? false
    guard parts.count == 2, let algorithm = parts.first, !algorithm.isEmpty, isHexadecimal,
      parts[1].utf8.count >= 32
    else { throw .malformedDigest(String(digest)) }
    return String(digest)
  }

  /// Takes the tag off the end: what follows the last colon, unless that is a registry's port.
  private static func cutTag(_ rest: inout Substring) throws(ImageReferenceError) -> String? {
    guard let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") else { return nil }
    let tag = rest[rest.index(after: colon)...]
    rest = rest[..<colon]
    guard 1...128 ~= tag.utf8.count, let first = tag.first, isWord(first) || first == "_",
      tag.allSatisfy({ isWord($0) || "_.-".contains($0) })
    else { throw .malformedTag(String(tag)) }
    return String(tag)
  }

  private static func checkRepository(_ text: String) throws(ImageReferenceError) {
    let components = text.split(separator: "/", omittingEmptySubsequences: false)
    let path = components.count > 1 ? components.dropFirst() : components[...]
    let isPathValid = path.allSatisfy { component in
      guard let first = component.first, let last = component.last else { return false }
      return isWord(first) && isWord(last)
        && component.allSatisfy { (isWord($0) && !$0.isUppercase) || "_.-".contains($0) }
    }
    // The first of several components may be a registry: upper case, a port, or IPv6 in brackets.
    let isHostValid =
      components.count == 1
      || components[0].allSatisfy { isWord($0) || "_.-:[]".contains($0) } && !components[0].isEmpty
    guard isPathValid, isHostValid else { throw .malformedRepository(text) }
  }

  private static func isWord(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber)
  }
}

/// Why a text is not an image reference.
package enum ImageReferenceError: Error, Hashable, CustomStringConvertible {
  case empty
  case malformedRepository(String)
  case malformedTag(String)
  case malformedDigest(String)

  package var description: String {
    switch self {
    case .empty: "it is empty"
    case .malformedRepository(let text): "\"\(text)\" is not the name of a repository"
    case .malformedTag(let text): "\"\(text)\" is not a tag"
    case .malformedDigest(let text): "\"\(text)\" is not a digest: write sha256:…"
    }
  }
}
