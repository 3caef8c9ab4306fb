import FoundationEssentials
import KubernetesAPI
import KubernetesYAML
import Layer2

/// The file that names interfaces to leave alone, mounted from the ConfigMap `metallb-excludel2`:
/// `announcedInterfacesToExclude` with a list of regular expressions.
enum ExcludedInterfacesFile {
  /// A file that cannot be understood.
  struct Invalid: Error, CustomStringConvertible {
    var path: String
    var reason: String

    var description: String { "\(path): \(reason)" }
  }

  private static let key = "announcedInterfacesToExclude"

  /// The expressions, or those of ``InterfaceExclusion`` where there is no file. They are not compiled here.
  static func patterns(path: String) throws(Invalid) -> [String] {
    guard FileManager.default.fileExists(atPath: path) else {
      return InterfaceExclusion.defaultPatterns
    }
    do {
      return try patterns(yaml: String(contentsOf: URL(filePath: path), encoding: .utf8))
    } catch let invalid as Invalid {
      throw Invalid(path: path, reason: invalid.reason)
    } catch {
      throw Invalid(path: path, reason: "\(error)")
    }
  }

  static func patterns(yaml text: String) throws -> [String] {
    let document = try JSONValue(yaml: text)
    guard let list = document[key] else {
      throw Invalid(path: "", reason: "the key \(key) is missing")
    }
    // An empty list in YAML is often written as nothing at all.
    if list.isNull { return [] }
    guard let items = list.arrayValue else {
      throw Invalid(path: "", reason: "\(key) is not a list")
    }
    return try items.map { item in
      guard let pattern = item.stringValue else {
        throw Invalid(path: "", reason: "\(key) holds something that is no text")
      }
      return pattern
    }
  }
}
