import KubernetesAPI

/// Short ways to read and edit objects whose kind is known.
extension JSONValue {
  /// The text below a path of members, empty where there is none.
  func text(_ path: String...) -> String { self[path: path]?.stringValue ?? "" }

  func integer(_ path: String...) -> Int64? { self[path: path]?.integerValue }

  func flag(_ path: String...) -> Bool { self[path: path]?.boolValue ?? false }

  /// The elements of the list below a path, none where there is no list.
  func list(_ path: String...) -> [JSONValue] { self[path: path]?.arrayValue ?? [] }

  /// The texts of the list below a path.
  func texts(_ path: String...) -> [String] {
    (self[path: path]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  func has(_ path: String...) -> Bool {
    guard let value = self[path: path] else { return false }
    return !value.isNull
  }

  /// Sets a member that is absent.
  mutating func setDefault(_ path: String..., to value: JSONValue) {
    if self[path: path] == nil || self[path: path] == .null { self[path: path] = value }
  }

  /// Edits the value below a path, if there is one.
  mutating func edit(_ path: String..., change: (inout JSONValue) -> Void) {
    guard var value = self[path: path] else { return }
    change(&value)
    self[path: path] = value
  }

  /// Edits every element of the list below a path.
  mutating func editEach(_ path: String..., change: (inout JSONValue) -> Void) {
    guard var elements = self[path: path]?.arrayValue else { return }
    for index in elements.indices { change(&elements[index]) }
    self[path: path] = .array(elements)
  }
}
