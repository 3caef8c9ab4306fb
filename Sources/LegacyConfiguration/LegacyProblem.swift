/// Why a part of the ConfigMap's document cannot be used. Never holds a password.
package struct LegacyProblem: Error, Hashable {
  package enum Reason: String, Sendable, Hashable, CaseIterable {
    case invalidYAML = "InvalidYAML"
    case unknownKey = "UnknownKey"
    case wrongType = "WrongType"
    case missingKey = "MissingKey"
    case invalidValue = "InvalidValue"
    /// Two keys that exclude each other.
    case conflictingKeys = "ConflictingKeys"
  }

  /// The part of the document that is lost with the problem.
  package enum Entry: Sendable, Hashable {
    /// The document, or an entry whose name cannot be read.
    case document
    case pool(String)
    /// Counted from 0.
    case peer(Int)
    case bfdProfile(String)
  }

  package var reason: Reason
  package var entry: Entry
  /// Where: `address-pools[1].auto-assign`; empty for the document.
  package var path: String
  /// Line of the document, from 1.
  package var line: Int?
  /// What is wrong and how to write it.
  package var message: String

  package init(
    _ reason: Reason, entry: Entry = .document, path: String = "", line: Int? = nil, message: String
  ) {
    self.reason = reason
    self.entry = entry
    self.path = path
    self.line = line
    self.message = message
  }
}

extension LegacyProblem: CustomStringConvertible {
  /// `line 7, address-pools[1].autoAssign: unknown key "autoAssign": write auto-assign`
  package var description: String {
    let place = [line.map { "line \($0)" }, path.isEmpty ? nil : path]
    let prefix = place.compactMap(\.self).joined(separator: ", ")
    return prefix.isEmpty ? message : "\(prefix): \(message)"
  }
}
