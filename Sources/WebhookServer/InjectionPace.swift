/// Keeps two writers from fighting over one object as fast as the network allows: the first repairs come at once, further
/// ones, shortly after each other, wait ever longer.
struct InjectionPace: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// How many repairs in a row are made at once.
  private static let free = 5
  private static let longest = Duration.seconds(60)
  /// After so long without a repair the fight counts as over.
  private static let peace = Duration.seconds(300)

  private var count = 0
  private var last: Instant?

  /// How long to wait before the next repair; zero lets it happen now.
  func delay(at now: Instant) -> Duration {
    guard let last, count >= Self.free, last.duration(to: now) < Self.peace else { return .zero }
    let pause = min(Self.longest, .seconds(1 << min(6, count - Self.free)))
    return max(.zero, pause - last.duration(to: now))
  }

  mutating func repaired(at now: Instant) {
    if let last, last.duration(to: now) >= Self.peace { count = 0 }
    count += 1
    last = now
  }
}
