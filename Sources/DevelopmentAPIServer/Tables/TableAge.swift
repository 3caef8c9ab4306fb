import KubernetesAPI

/// Durations as `kubectl get` shows them (`duration.HumanDuration`).
enum TableAge {
  /// The time since an RFC 3339 timestamp; `<unknown>` where there is none.
  static func text(_ timestamp: JSONValue?, now: Timestamp) -> String {
    guard let text = timestamp?.stringValue, let time = Timestamp(text) else { return "<unknown>" }
    return describe(seconds: (now.microseconds - time.microseconds) / 1_000_000)
  }

  static func describe(seconds: Int64) -> String {
    if seconds < -1 { return "<invalid>" }
    if seconds < 0 { return "0s" }
    if seconds < 120 { return "\(seconds)s" }
    let minutes = seconds / 60
    if minutes < 10 { return pair(minutes, "m", seconds % 60, "s") }
    if minutes < 180 { return "\(minutes)m" }
    let hours = minutes / 60
    if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
    if hours < 48 { return "\(hours)h" }
    if hours < 192 { return pair(hours / 24, "d", hours % 24, "h") }
    let days = hours / 24
    if days < 730 { return "\(days)d" }
    if days < 2920 { return pair(days / 365, "y", days % 365, "d") }
    return "\(days / 365)y"
  }

  private static func pair(_ large: Int64, _ unit: String, _ small: Int64, _ part: String) -> String
  {
    small == 0 ? "\(large)\(unit)" : "\(large)\(unit)\(small)\(part)"
  }
}
