/// A value that is not, or not wholly, acted upon.
package struct ChartProblem: Error, Sendable, Hashable {
  package enum Reason: String, Sendable, Hashable, CaseIterable {
    /// No version of the chart or the pack that we know has such a value.
    case unknown
    /// Known, and without a counterpart here.
    case withoutEffect
    /// The chart alone knows the rest of it.
    case assumed
    /// It cannot be meant as it is written.
    case invalid
    /// It excludes another value.
    case contradiction
  }

  package var reason: Reason
  /// `speaker.frr.resources`; empty for the file as a whole.
  package var path: String
  package var message: String

  init(_ reason: Reason, path: String, _ message: String) {
    self.reason = reason
    self.path = path
    self.message = message
  }

  /// Errors have to be mended, the rest is worth knowing.
  package var isError: Bool {
    switch reason {
    case .unknown, .withoutEffect, .assumed: false
    case .invalid, .contradiction: true
    }
  }
}

extension ChartProblem: CustomStringConvertible {
  package var description: String {
    let place = path.isEmpty ? "" : "\(path): "
    return switch reason {
    case .unknown: "\(place)unknown value, ignored\(message.isEmpty ? "" : ": \(message)")"
    case .withoutEffect: "\(place)without effect: \(message)"
    case .assumed, .invalid, .contradiction: "\(place)\(message)"
    }
  }
}
