/// A version by semver.org 2.0.0: `major.minor.patch`, an optional pre-release, and build metadata, which does not count.
package struct SemanticVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  private let numbers: [UInt64]
  private let prerelease: [Substring]
  /// As it was written.
  package let description: String

  /// `nil` for what is not a version. A leading `v` is not part of one.
  package init?(_ text: String) {
    let release = text.prefix { $0 != "+" }
    let core = release.prefix { $0 != "-" }
    let numbers = core.split(separator: ".", omittingEmptySubsequences: false).map { UInt64($0) }
    let known = numbers.compactMap(\.self)
    guard numbers.count == 3, known.count == 3 else { return nil }
    let rest = release[core.endIndex...].dropFirst()
    let identifiers = rest.split(separator: ".", omittingEmptySubsequences: false)
    guard core.endIndex == release.endIndex || identifiers.allSatisfy({ !$0.isEmpty }) else {
      return nil
    }
    self.numbers = known
    prerelease = core.endIndex == release.endIndex ? [] : identifiers
    description = text
  }

  /// semver.org 2.0.0 §11.
  package static func < (left: Self, right: Self) -> Bool {
    if left.numbers != right.numbers {
      return left.numbers.lexicographicallyPrecedes(right.numbers)
    }
    // A pre-release comes before its release.
    if left.prerelease.isEmpty || right.prerelease.isEmpty {
      return !left.prerelease.isEmpty && right.prerelease.isEmpty
    }
    return left.prerelease.lexicographicallyPrecedes(right.prerelease) { precedes($0, $1) }
  }

  package static func == (left: Self, right: Self) -> Bool {
    left.numbers == right.numbers && left.prerelease == right.prerelease
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(numbers)
    hasher.combine(prerelease)
  }

  /// Numbers by value and before words, words by their characters.
  private static func precedes(_ left: Substring, _ right: Substring) -> Bool {
    switch (UInt64(left), UInt64(right)) {
    case (let left?, let right?): left < right
    case (_?, nil): true
    case (nil, _?): false
    case (nil, nil): left < right
    }
  }
}
