import Testing

@testable import ControllerRuntime

@Suite struct GateTests {
  @Test func `waiting ends when the gate opens`() async throws {
    let gate = Gate()
    #expect(!gate.isOpen)
    async let first: Void = gate.wait()
    async let second: Void = gate.wait()
    gate.open()
    try await first
    try await second
    try await gate.wait()
    #expect(gate.isOpen)
  }

  @Test func `a cancelled task stops waiting`() async {
    let gate = Gate()
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        do {
          try await gate.wait()
          return false
        } catch {
          return error is CancellationError
        }
      }
      group.cancelAll()
      #expect(await group.next() == true)
    }
  }
}
