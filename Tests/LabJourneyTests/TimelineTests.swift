import KubernetesAPI
import Synchronization
import Testing

@testable import LabJourney

struct TimelineTests {
  @Test(arguments: [
    (Duration.milliseconds(70), "0.07 s"), (.milliseconds(12_304), "12.30 s"), (.zero, "0.00 s"),
    (.milliseconds(996), "1.00 s"),
  ])
  func `Durations are given to the hundredth`(_ duration: Duration, _ text: String) {
    #expect(duration.secondsText == text)
  }

  @Test func `Lines are aligned, further ones below the first result`() {
    let step = Timeline.Step(
      title: "nodes", result: "one\ntwo", end: .seconds(3), duration: .milliseconds(500),
      isSuccess: true, figures: [:])
    #expect(
      TimelineText.lines(step) == """
           3.00 s    0.50 s  nodes                     one
                                                       two
        """)
  }

  @Test func `Steps are written as they end, with figures for machines`() async throws {
    let output = Mutex("")
    let timeline = Timeline(style: TerminalStyle(isTerminal: false, hasColor: false)) { text in
      output.withLock { $0 += text }
    }
    let value = try await timeline.step("first") { (7, .init("done", ["n": 7])) }
    #expect(value == 7)
    await #expect(throws: JourneyError.self) {
      try await timeline.step("second") { () -> (Int, Timeline.Outcome) in
        throw JourneyError.failed("broken")
      }
    }
    let lines = output.withLock { $0 }.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[1].hasSuffix("first                     done"))
    #expect(lines[2].hasSuffix("second                    FAILED: broken"))
    #expect(timeline.json[0]?["figures"] == ["n": 7])
    #expect(timeline.json[0]?["ok"] == true)
    #expect(timeline.json[1]?["ok"] == false)
  }

  @Test func `Colours appear only where they are wanted`() {
    let plain = TerminalStyle(isTerminal: true, hasColor: false)
    #expect(plain.strong("x") == "x")
    let colored = TerminalStyle(isTerminal: true, hasColor: true)
    #expect(colored.strong("x") == "\u{1B}[1mx\u{1B}[0m")
  }

  @Test func `The summary names what was not measured`() {
    var summary = JourneySummary()
    summary.address = "172.29.0.200"
    summary.failoverTime = .milliseconds(3410)
    summary.objectsLeft = 0
    #expect(summary.text.contains("address            172.29.0.200\n"))
    #expect(summary.text.contains("failover time      3.41 s\n"))
    #expect(summary.text.contains("time to address    -\n"))
    #expect(summary.json["failoverSeconds"] == 3.41)
    #expect(summary.json["addressSeconds"] == .null)
  }
}
