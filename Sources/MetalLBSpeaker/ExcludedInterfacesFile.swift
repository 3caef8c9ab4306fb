import FoundationEssentials
import KubernetesAPI
import KubernetesYAML

/// The file that names interfaces to leave alone, mounted from the ConfigMap `metallb-excludel2`:
/// `announcedInterfacesToExclude` with a list of regular expressions. The usual ones are in the ConfigMap: where there is
/// no file, nothing is excluded.
struct ExcludedInterfacesFile: Hashable {
  /// A file that cannot be understood.
  struct Invalid: Error, CustomStringConvertible {
    var path: String
    var reason: String

    var description: String { "\(path): \(reason)" }
  }

  private static let key = "announcedInterfacesToExclude"

  /// Not compiled here.
  var patterns: [String] = []
  /// Why the file has no list, where there is a file.
  var doubt: String?

  init(path: String) throws(Invalid) {
    guard FileManager.default.fileExists(atPath: path) else { return }
    do {
      let file = try Self(yaml: String(contentsOf: URL(filePath: path), encoding: .utf8))
      (patterns, doubt) = (file.patterns, file.doubt)
    } catch let invalid as Invalid {
      throw Invalid(path: path, reason: invalid.reason)
    } catch {
      throw Invalid(path: path, reason: "\(error)")
    }
  }

  init(yaml text: String) throws {
    let document = try JSONValue(yaml: text)
    if document.isNull {
      doubt = "the file is empty"
      return
    }
    guard let members = document.objectValue else {
      throw Invalid(path: "", reason: "no object with the key \(Self.key)")
    }
    guard let list = members[Self.key] else {
      doubt = "the key \(Self.key) is missing"
      return
    }
    // An empty list in YAML is often written as nothing at all.
    if list.isNull { return }
    guard let items = list.arrayValue else {
      throw Invalid(path: "", reason: "\(Self.key) is not a list")
    }
    patterns = try items.map { item in
      guard let pattern = item.stringValue else {
        throw Invalid(path: "", reason: "\(Self.key) holds something that is no text")
      }
      return pattern
    }
  }
}
