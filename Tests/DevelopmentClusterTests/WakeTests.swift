import Testing

@testable import DevelopmentCluster

@Suite(.timeLimit(.minutes(1)))
struct WakeTests {
  @Test func `A signal before the wait is not lost, several count as one`() async {
    let wake = Wake()
    wake.signal()
    wake.signal()
    await wake.wait()
    let task = Task { await wake.wait() }
    task.cancel()
    await task.value
  }

  @Test func `A signal lets the one who waits go on`() async {
    let wake = Wake()
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      start.yield()
      await wake.wait()
    }
    for await _ in started { break }
    wake.signal()
    await task.value
  }

  @Test func `Cancellation ends the wait, and the next signal is for the next one`() async {
    let wake = Wake()
    let task = Task { await wake.wait() }
    task.cancel()
    await task.value
    wake.signal()
    await wake.wait()
  }

  @Test func `A wait with a limit ends without a signal`() async {
    let wake = Wake()
    await wake.wait(atMost: .milliseconds(1))
    wake.signal()
    await wake.wait(atMost: .seconds(3600))
  }
}
