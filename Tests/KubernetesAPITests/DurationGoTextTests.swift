import Testing

@testable import KubernetesAPI

struct DurationGoTextTests {
  @Test(
    arguments: [
      ("0", .zero, "0s"), ("0s", .zero, "0s"), ("90s", .seconds(90), "1m30s"),
      ("1m30s", .seconds(90), "1m30s"), ("1h", .seconds(3600), "1h0m0s"),
      ("1.5h", .seconds(5400), "1h30m0s"), ("150ms", .milliseconds(150), "150ms"),
      ("1500ms", .milliseconds(1500), "1.5s"), ("3us", .microseconds(3), "3µs"),
      ("7ns", .nanoseconds(7), "7ns"), ("-2s", .seconds(-2), "-2s"),
      (".5s", .milliseconds(500), "500ms"),
      ("1m0.25s", .milliseconds(60_250), "1m0.25s"),
    ] as [(String, Duration, String)])
  func `A duration is read and printed as Go does it`(
    text: String, value: Duration, printed: String
  ) {
    #expect(Duration(goText: text) == value)
    #expect(value.goText == printed)
    #expect(Duration(goText: printed) == value)
  }

  @Test(arguments: ["", "s", "90", "1m30", "-", "1 m", "1x", "1..5s", ".s", "99999999999h", "٣s"])
  func `What Go refuses is refused`(text: String) {
    #expect(Duration(goText: text) == nil)
  }
}
