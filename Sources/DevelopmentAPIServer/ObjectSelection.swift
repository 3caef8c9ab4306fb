import Glibc
import KubernetesAPI

/// Which objects of a kind a list, watch or deletion of a collection is about.
struct ObjectSelection: Sendable {
  private let labels: LabelQuery
  private let fields: FieldQuery
  private let selectable: SelectableFields
  /// Texts that occur in the JSON of whatever the fields match.
  private let needles: [[UInt8]]

  init(labels: String, fields: String, definition: ResourceDefinition) throws(APIError) {
    selectable = definition.selectableFields
    do {
      let selectable = definition.selectableFields
      self.labels = try LabelQuery(parsing: labels)
      self.fields = try FieldQuery(parsing: fields)
      try selectable.check(self.fields)
      needles = self.fields.terms.filter { selectable.isWritten($0) }.map { Array($0.value.utf8) }
    } catch {
      throw .badRequest(error.description)
    }
  }

  var isEverything: Bool { labels.isEmpty && fields.isEmpty }

  func matches(_ object: StoredObject) -> Bool {
    for requirement in labels.requirements
    where !requirement.matches(object.labels[requirement.key]) {
      return false
    }
    guard !fields.isEmpty else { return true }
    if let name = fields.name, name != object.name { return false }
    // Nearly all that does not match is known without reading it.
    for text in needles where !object.body.contains(text: text) { return false }
    guard let value = try? JSONValue(parsing: object.body) else { return false }
    return selectable.matches(fields, object: value)
  }
}

extension SelectableFields {
  /// Whether the term's value stands in the JSON of every object that it matches, letter by letter.
  fileprivate func isWritten(_ term: FieldQuery.Term) -> Bool {
    !term.isNegated && !term.value.isEmpty && term.value != fields[term.field, default: ""]
      && term.value.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}

extension [UInt8] {
  /// `text` is not empty.
  fileprivate func contains(text: [UInt8]) -> Bool {
    withUnsafeBytes { bytes in
      text.withUnsafeBytes { text in
        guard let start = bytes.baseAddress, let wanted = text.baseAddress else { return false }
        var offset = 0
        while bytes.count - offset >= text.count {
          let room = bytes.count - offset - text.count + 1
          guard let found = memchr(start + offset, Int32(text[0]), room) else { return false }
          offset = start.distance(to: UnsafeRawPointer(found))
          if memcmp(found, wanted, text.count) == 0 { return true }
          offset += 1
        }
        return false
      }
    }
  }
}
