/// How often a piece of news is sent: a multiple of the decimal digits of the number of members.
func retransmitLimit(multiplier: Int, memberCount: Int) -> Int {
  var (digits, power) = (0, 1)
  while power < memberCount + 1 {
    digits += 1
    power *= 10
  }
  return multiplier * digits
}

/// The interval between exchanges of tables: doubled above 32 members, tripled above 64, and so on.
func pushPullInterval(_ interval: Duration, memberCount: Int) -> Duration {
  var factor = 1
  while memberCount > 32 << (factor - 1) { factor += 1 }
  return interval * factor
}

/// How long a suspicion lasts at least: a multiple of the probe interval, longer from 10 members on, as news needs longer to
/// reach them.
func suspicionTimeout(multiplier: Int, memberCount: Int, probeInterval: Duration) -> Duration {
  // in thousandths, cut
  let scale = max(1, naturalLogarithm(Double(max(1, memberCount))) / naturalLogarithm(10))
  return probeInterval * multiplier * Int(scale * 1000 + 1e-6) / 1000
}

/// How many other members should confirm a suspicion: none in clusters where there are not that many.
func expectedConfirmations(suspicionMultiplier: Int, memberCount: Int) -> Int {
  let wanted = suspicionMultiplier - 2
  return memberCount - 2 < wanted ? 0 : max(0, wanted)
}

/// What is left of a suspicion: it begins with the longest time and approaches the shortest as members confirm it, the first
/// ones counting most. Negative when it should have ended already.
func remainingSuspicionTime(
  confirmations: Int, expected: Int, elapsed: Duration, minimum: Duration, maximum: Duration
) -> Duration {
  let fraction =
    naturalLogarithm(Double(confirmations) + 1) / naturalLogarithm(Double(expected) + 1)
  let seconds = maximum / .seconds(1) - fraction * ((maximum - minimum) / .seconds(1))
  let total = Duration.milliseconds(Int64((seconds * 1000).rounded(.down)))
  return max(total, minimum) - elapsed
}

/// ln x for a finite x > 0, to the last digits of a `Double`: x = m·2ᵉ with m in [√½, √2), and
/// ln m = 2·(z + z³/3 + z⁵/5 + …) with z = (m − 1)/(m + 1).
func naturalLogarithm(_ x: Double) -> Double {
  var exponent = Double(x.exponent)
  var mantissa = x.significand
  if mantissa > 1.4142135623730951 {
    mantissa /= 2
    exponent += 1
  }
  let z = (mantissa - 1) / (mantissa + 1)
  var sum = 0.0
  for term in stride(from: 21, through: 1, by: -2) {
    sum = sum * z * z + 1 / Double(term)
  }
  return exponent * 0.6931471805599453 + 2 * z * sum
}
