package import KubernetesAPI

/// What the client saw while an address moved, again and again.
package struct FailoverFigures: Sendable, Hashable {
  /// How the node that had the address lost it.
  package enum Cause: String, Sendable, Hashable, CaseIterable {
    /// All its processes are killed and its link is cut.
    case crash
    /// Its speaker is asked to end.
    case termination
    /// Its speaker stands still for a while, and goes on as if nothing had been.
    case pause
  }

  package struct Trial: Sendable, Hashable {
    package var cause: Cause
    /// From the cause to the first frame in which another node says that it has the address.
    package var announced: Duration
    /// From the cause to the first answer that the client got from then on.
    package var answered: Duration
    /// Fetches that the client began while the address moved, and what became of them.
    package var attempts: Int
    package var losses: Losses
    /// While the address moved back.
    package var lossesOnReturn: Losses
  }

  /// Fetches without an answer.
  package struct Losses: Sendable, Hashable {
    /// Nobody took the connection: what a client loses while nobody announces the address.
    package var unanswered = 0
    /// The connection was open when the address moved. Its state stays behind on the old node, whoever announces when.
    package var broken = 0

    package init() {}

    static func + (left: Losses, right: Losses) -> Losses {
      var sum = left
      sum.unanswered += right.unanswered
      sum.broken += right.broken
      return sum
    }

    var text: String { "\(unanswered) lost, \(broken) broken" }
  }

  package var trials: [Trial] = []

  package init() {}

  package func announced(_ cause: Cause) -> Distribution {
    Distribution(trials.filter { $0.cause == cause }.map(\.announced))
  }

  package func answered(_ cause: Cause) -> Distribution {
    Distribution(trials.filter { $0.cause == cause }.map(\.answered))
  }

  private func attempts(_ cause: Cause) -> Int {
    trials.filter { $0.cause == cause }.reduce(0) { $0 + $1.attempts }
  }

  package func losses(_ cause: Cause) -> Losses {
    trials.filter { $0.cause == cause }.reduce(Losses()) { $0 + $1.losses }
  }

  package func lossesOnReturn(_ cause: Cause) -> Losses {
    trials.filter { $0.cause == cause }.reduce(Losses()) { $0 + $1.lossesOnReturn }
  }

  package var text: String {
    var rows: [(String, String)] = []
    for cause in Cause.allCases where trials.contains(where: { $0.cause == cause }) {
      let name = cause.rawValue
      rows += [
        ("\(name) to announcement", announced(cause).text),
        ("\(name) to answer", answered(cause).text),
        (
          "\(name) fetches",
          "\(losses(cause).text) of \(attempts(cause)); on return \(lossesOnReturn(cause).text)"
        ),
      ]
    }
    return TimelineText.table(rows)
  }

  package var json: JSONValue {
    .object(
      JSONObject(
        Cause.allCases.map { cause -> (String, JSONValue) in
          (
            cause.rawValue,
            [
              "rounds": .integer(Int64(trials.count { $0.cause == cause })),
              "announcedSeconds": announced(cause).json, "answeredSeconds": answered(cause).json,
              "attempts": .integer(Int64(attempts(cause))),
              "lost": .integer(Int64(losses(cause).unanswered)),
              "broken": .integer(Int64(losses(cause).broken)),
              "lostOnReturn": .integer(Int64(lossesOnReturn(cause).unanswered)),
              "brokenOnReturn": .integer(Int64(lossesOnReturn(cause).broken)),
            ]
          )
        }))
  }
}

/// How long something took, many times.
package struct Distribution: Sendable, Hashable {
  /// The shortest first.
  package let durations: [Duration]

  package init(_ durations: [Duration]) {
    self.durations = durations.sorted()
  }

  /// The shortest time that the given share of all did not exceed; `nil` without any.
  package func percentile(_ share: Double) -> Duration? {
    guard !durations.isEmpty else { return nil }
    let rank = Int((share * Double(durations.count)).rounded(.up))
    return durations[min(max(rank, 1), durations.count) - 1]
  }

  var text: String {
    guard let p50 = percentile(0.5), let p99 = percentile(0.99), let last = durations.last else {
      return "-"
    }
    return
      "p50 \(p50.millisecondsText), p99 \(p99.millisecondsText), longest \(last.millisecondsText) of \(durations.count)"
  }

  var json: JSONValue {
    func seconds(_ duration: Duration?) -> JSONValue {
      duration.map { .double($0.inMilliseconds) } ?? .null
    }
    return [
      "p50": seconds(percentile(0.5)), "p90": seconds(percentile(0.9)),
      "p99": seconds(percentile(0.99)), "max": seconds(durations.last),
    ]
  }
}
