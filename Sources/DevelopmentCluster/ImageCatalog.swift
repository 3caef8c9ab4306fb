/// Which program of this machine stands for a container image.
package struct ImageCatalog: Sendable, Hashable {
  package struct Entry: Sendable, Hashable {
    /// The last part of an image's name without tag and digest: `controller` for
    /// `quay.io/example/controller:v1`.
    package var names: Set<String>
    package var image: Image

    package init(names: Set<String>, image: Image) {
      self.names = names
      self.image = image
    }
  }

  /// What a container of an image finds at its root.
  package struct Image: Sendable, Hashable {
    /// What runs when the container gives no command.
    package var entrypoint: [String]
    /// What its arguments are when the container gives neither command nor arguments.
    package var arguments: [String]
    /// Files and folders of this machine by the path where the image has them.
    package var files: [String: String]
    /// Symbolic links by path.
    package var links: [String: String]

    package init(
      entrypoint: [String], arguments: [String] = [], files: [String: String] = [:],
      links: [String: String] = [:]
    ) {
      self.entrypoint = entrypoint
      self.arguments = arguments
      self.files = files
      self.links = links
    }
  }

  package var entries: [Entry]

  package init(_ entries: [Entry] = []) { self.entries = entries }

  /// `nil` for an image that cannot be had.
  package func image(named reference: String) -> Image? {
    let name = Self.shortName(reference)
    return entries.first { $0.names.contains(name) }?.image
  }

  /// `registry:5000/group/name:tag@sha256:…` becomes `name`.
  static func shortName(_ reference: String) -> String {
    let path = reference.split(separator: "@", maxSplits: 1).first ?? ""
    let last = path.split(separator: "/").last ?? ""
    return String(last.split(separator: ":").first ?? "")
  }
}
