internal import KubernetesAPI
internal import NetworkLab

/// How much memory the processes of one program hold.
struct ProgramMemory: Sendable, Hashable {
  /// As containers call it: `/speaker`.
  var program: String
  /// One for each process, the smallest first.
  var processes: [Amount]

  /// In bytes.
  struct Amount: Sendable, Hashable {
    /// All that is in memory; what is mapped from the program's file counts for each process, and exists once.
    var resident: Int
    /// What belongs to the process alone.
    var own: Int
  }

  /// The processes of a lab by the programs that they run; shells and the like are left out.
  static func measure(_ programs: [String], in lab: Lab) async throws -> [ProgramMemory] {
    var amounts: [String: [Amount]] = [:]
    for process in try await lab.processes() {
      let command = (try? LabFiles.read("/proc/\(process)/cmdline")) ?? ""
      let program = String(command.split(separator: "\0").first ?? "")
      guard programs.contains(program),
        let status = try? LabFiles.read("/proc/\(process)/status"),
        let amount = Amount(inStatus: status)
      else { continue }
      amounts[program, default: []].append(amount)
    }
    return programs.map { program in
      ProgramMemory(
        program: program, processes: (amounts[program] ?? []).sorted { $0.resident < $1.resident })
    }
  }

  /// Megabytes: `42 MB`.
  static func text(_ bytes: Int) -> String { "\((bytes + 500_000) / 1_000_000) MB" }

  /// `/speaker 24 MB (8 MB its own), 25 MB (9 MB its own)`
  var text: String {
    let amounts = processes.map { "\(Self.text($0.resident)) (\(Self.text($0.own)) its own)" }
    return "\(program) \(amounts.joined(separator: ", "))"
  }
}

extension ProgramMemory.Amount {
  /// Reads the lines `VmRSS` and `RssAnon` of proc(5) `status`, in kibibytes.
  init?(inStatus status: String) {
    func bytes(_ name: String) -> Int? {
      let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") }
      let words = line?.split(whereSeparator: \.isWhitespace) ?? []
      return words.count > 1 ? Int(words[1]).map { $0 * 1024 } : nil
    }
    guard let resident = bytes("VmRSS"), let own = bytes("RssAnon") else { return nil }
    self.init(resident: resident, own: own)
  }
}

extension Journey {
  /// Looks at the memory of everything that was installed.
  func weigh(_ summary: inout JourneySummary) async throws {
    summary.operatorMemory = try await timeline.step("weigh it") {
      let programs = try await ProgramMemory.measure(
        ["/manager", "/controller", "/speaker"], in: session.lab)
      func figures(_ bytes: (ProgramMemory.Amount) -> Int) -> JSONValue {
        .object(
          JSONObject(
            programs.map { memory in
              (memory.program, .array(memory.processes.map { .integer(Int64(bytes($0))) }))
            }))
      }
      return (
        programs.first?.processes.first?.resident,
        .init(
          programs.map(\.text).joined(separator: "; ") + " resident",
          ["residentBytes": figures(\.resident), "ownBytes": figures(\.own)])
      )
    }
  }
}
