import FoundationEssentials
import Membership

/// The keys of the gossip, from where the options say.
///
/// A directory holds `secretkey`, with which this node encrypts, and optionally `secretkey.1` and so on, which it only
/// understands. So a key is changed without a moment in which nodes do not understand each other: first add the new one
/// as `secretkey.1`, then exchange the two, then remove the old one.
enum GossipKeys {
  enum Source: Sendable, Hashable {
    case clear
    case secret([UInt8])
    case directory(String)

    init(_ options: GossipOptions) {
      if !options.secretDirectory.isEmpty {
        self = .directory(options.secretDirectory)
      } else if !options.secret.isEmpty {
        self = .secret(Array(options.secret.utf8))
      } else {
        self = .clear
      }
    }
  }

  static let fileName = "secretkey"

  /// The keys as they are now, the one to encrypt with first; empty for gossip in clear, nil where there should be keys and
  /// there is none yet.
  static func read(_ source: Source) -> [GossipKey]? {
    switch source {
    case .clear: return []
    case .secret(let secret): return [GossipKey(secret: secret)]
    case .directory(let path):
      let folder = URL(filePath: path)
      guard let first = secret(folder, fileName) else { return nil }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      let others = names.compactMap { name -> (Int, [UInt8])? in
        guard name.hasPrefix("\(fileName)."), let number = Int(name.dropFirst(fileName.count + 1)),
          let secret = secret(folder, name)
        else { return nil }
        return (number, secret)
      }
      return [GossipKey(secret: first)]
        + others.sorted { $0.0 < $1.0 }.map { GossipKey(secret: $0.1) }
    }
  }

  /// The bytes of a file as they are, since that is what the key is made of; nil without any.
  private static func secret(_ folder: URL, _ name: String) -> [UInt8]? {
    guard let data = try? Data(contentsOf: folder.appending(path: name)), !data.isEmpty else {
      return nil
    }
    return Array(data)
  }
}
