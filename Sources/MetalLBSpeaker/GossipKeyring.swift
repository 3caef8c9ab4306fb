import Membership

/// Which keys to gossip with while those in the files are exchanged.
///
/// Each node's kubelet brings new files in its own time, within a minute or two. A key that comes out of the blue, as of
/// a Secret that was deleted and made anew, is therefore understood at once and used to encrypt a little later; one that
/// was there before as `secretkey.1` is used at once, since whoever put it there waited. Keys that are gone from the files
/// are still understood for some minutes.
///
/// ```
///  files   A A A A B B B B B B B B B B B B
///  encrypt A A A A A A A B B B B B B B B B     spreading: 2 min
///  accept  A A A A A A A A A A A A A B B B     retirement: 5 min
///                  B B B B B B B B B
/// ```
struct GossipKeyring {
  /// Kubelets look at Secrets every minute, and what they look at may be as old again.
  static let spreading = Duration.seconds(120)
  static let retirement = Duration.seconds(300)

  /// As they were read last.
  private var files: [GossipKey]
  /// What encrypts.
  private var sending: GossipKey?
  /// When the first of the files takes its place.
  private var change: ContinuousClock.Instant?
  private var retired: [(key: GossipKey, until: ContinuousClock.Instant)] = []

  /// - Parameter files: the keys at the start, the one to encrypt with first.
  init(_ files: [GossipKey]) {
    self.files = files
    sending = files.first
  }

  /// The keys in use: the first encrypts, each of them decrypts.
  var keys: [GossipKey] {
    var keys: [GossipKey] = []
    for key in [sending].compactMap(\.self) + files + retired.map(\.key) where !keys.contains(key) {
      keys.append(key)
    }
    return keys
  }

  /// To be called now and then, with the keys in the files.
  mutating func update(_ read: [GossipKey], now: ContinuousClock.Instant) {
    if read != files { take(read, now) }
    if let change, change <= now { switchOver() }
    retired.removeAll { $0.until <= now }
  }

  private mutating func take(_ read: [GossipKey], _ now: ContinuousClock.Instant) {
    let known = keys
    // Those that had retired before keep their time.
    let used = ([sending].compactMap(\.self) + files).filter { !read.contains($0) }
    retired += used.map { ($0, now.advanced(by: Self.retirement)) }
    files = read
    guard let first = read.first, first != sending else { return change = nil }
    if known.contains(first) {
      switchOver()
    } else {
      change = now.advanced(by: Self.spreading)
    }
  }

  private mutating func switchOver() {
    sending = files.first
    change = nil
  }
}
