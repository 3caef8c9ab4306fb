import KubernetesAPI

/// Times in texts of decoding errors, which quote Go's reference layouts.
enum GoTime {
  static let seconds = "2006-01-02T15:04:05Z07:00"
  static let microseconds = "2006-01-02T15:04:05.000000Z07:00"

  /// `MicroTime` takes exactly six decimals.
  static func hasSixDecimals(_ text: String) -> Bool {
    guard let point = text.firstIndex(of: ".") else { return false }
    return text[text.index(after: point)...].prefix { $0.isNumber }.count == 6
  }

  /// Quotes the first part of the layout that the text does not have, and what stands there instead.
  static func parsingFailure(_ text: String, layout: String) -> TypedDecoder.Failure {
    let parts =
      [
        "2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05",
      ] + (layout == microseconds ? [".000000"] : []) + ["Z07:00"]
    var rest = Substring(text)
    for part in parts {
      guard let matched = prefix(of: rest, matching: part) else {
        return TypedDecoder.Failure(
          "parsing time \(JSONValue.string(text).jsonText) as \"\(layout)\": cannot parse "
            + "\(JSONValue.string(String(rest)).jsonText) as \"\(part)\"")
      }
      rest = rest.dropFirst(matched)
    }
    return TypedDecoder.Failure(
      "parsing time \(JSONValue.string(text).jsonText): extra text: "
        + JSONValue.string(String(rest)).jsonText)
  }

  private static func prefix(of text: Substring, matching part: String) -> Int? {
    func digits(_ count: Int, in text: Substring) -> Bool {
      text.count >= count && text.prefix(count).allSatisfy { $0.isASCII && $0.isNumber }
    }
    switch part {
    case "2006": return digits(4, in: text) ? 4 : nil
    case "01", "02", "15", "04", "05": return digits(2, in: text) ? 2 : nil
    case ".000000": return text.first == "." && digits(6, in: text.dropFirst()) ? 7 : nil
    case "Z07:00":
      if text.first == "Z" { return 1 }
      let isOffset = (text.first == "+" || text.first == "-") && digits(2, in: text.dropFirst())
      return isOffset && text.dropFirst(3).first == ":" && digits(2, in: text.dropFirst(4))
        ? 6 : nil
    default: return text.hasPrefix(part) ? part.count : nil
    }
  }
}
