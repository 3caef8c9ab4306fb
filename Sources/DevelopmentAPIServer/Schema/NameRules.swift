/// The API's rules for names, label keys and label values, each answering what is wrong in the words
/// of a real server. An empty answer means that the text is valid.
enum NameRules {
  /// Labels joined by dots, 253 characters at most (RFC 1123 §2.1).
  static func subdomain(_ text: String) -> [String] {
    var errors: [String] = []
    if text.utf8.count > 253 { errors.append(tooLong(253)) }
    if !isSubdomain(text) {
      errors.append(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
          + "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex "
          + "used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
      )
    }
    return errors
  }

  /// One label of a domain name, 63 characters at most.
  static func label(_ text: String) -> [String] {
    var errors: [String] = []
    if text.utf8.count > 63 { errors.append(tooLong(63)) }
    if !isLabel(text.utf8[...]) {
      errors.append(
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
          + "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex "
          + "used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")
    }
    return errors
  }

  /// The name of a container port.
  static func portName(_ text: String) -> [String] {
    var errors: [String] = []
    let bytes = Array(text.utf8)
    if bytes.count > 15 { errors.append(tooLong(15)) }
    if !bytes.allSatisfy({ isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }) {
      errors.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    }
    if !bytes.contains(where: isLowerLetter) {
      errors.append("must contain at least one letter (a-z)")
    }
    if text.contains("--") { errors.append("must not contain consecutive hyphens") }
    if bytes.first == UInt8(ascii: "-") || bytes.last == UInt8(ascii: "-") {
      errors.append("must not begin or end with a hyphen")
    }
    return errors
  }

  /// `[prefix/]name`; `whole` words the case of too many slashes.
  static func qualifiedName(_ text: String, whole: String = "a valid label key") -> [String] {
    let rule =
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
      + "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
      + "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    var errors: [String] = []
    switch parts.count {
    case 1: break
    case 2:
      if parts[0].isEmpty {
        errors.append("prefix part must be non-empty")
      } else {
        errors += subdomain(String(parts[0])).map { "prefix part \($0)" }
      }
    default:
      return [
        "\(whole) \(rule) with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
      ]
    }
    let name = parts[parts.count - 1]
    if name.isEmpty { errors.append("name part must be non-empty") }
    if name.utf8.count > 63 { errors.append("name part \(tooLong(63))") }
    if !isLabelText(name.utf8[...]) { errors.append("name part \(rule)") }
    return errors
  }

  static func labelValue(_ text: String) -> [String] {
    var errors: [String] = []
    if text.utf8.count > 63 { errors.append(tooLong(63)) }
    if !text.isEmpty, !isLabelText(text.utf8[...]) {
      errors.append(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
          + "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
          + "'my_value',  or '12345', regex used for validation is "
          + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')")
    }
    return errors
  }

  /// A key of a ConfigMap's or Secret's data.
  static func configMapKey(_ text: String) -> [String] {
    var errors: [String] = []
    if text.utf8.count > 253 { errors.append(tooLong(253)) }
    let allowed = text.utf8.allSatisfy {
      isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        || $0 == UInt8(ascii: ".")
    }
    if text.isEmpty || !allowed {
      errors.append(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
          + "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
          + "'[-._a-zA-Z0-9]+')")
    }
    switch text {
    case ".": errors.append("must not be '.'")
    case "..": errors.append("must not be '..'")
    default: if text.hasPrefix("..") { errors.append("must not start with '..'") }
    }
    return errors
  }

  /// A name that only has to work as one segment of a path; RBAC objects have such names.
  static func pathSegment(_ text: String) -> [String] {
    if text == "." { return ["may not be '.'"] }
    if text == ".." { return ["may not be '..'"] }
    return ["/", "%"].filter { text.contains($0) }.map { "may not contain '\($0)'" }
  }

  static func tooLong(_ limit: Int) -> String { "must be no more than \(limit) characters" }

  private static func isSubdomain(_ text: String) -> Bool {
    text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .allSatisfy { isLabel($0) }
  }

  private static func isLabel(_ bytes: Substring.UTF8View) -> Bool {
    guard let first = bytes.first, let last = bytes.last else { return false }
    return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
      && bytes.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
  }

  private static func isLabelText(_ bytes: Substring.UTF8View) -> Bool {
    guard let first = bytes.first, let last = bytes.last else { return false }
    return isAlphanumeric(first) && isAlphanumeric(last)
      && bytes.allSatisfy {
        isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
          || $0 == UInt8(ascii: ".")
      }
  }

  private static func isLowerLetter(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
  }

  private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
    isLowerLetter(byte) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isLowerAlphanumeric(byte) || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
  }
}
