import Glibc
import Testing

@testable import NetworkLab

struct LabJournalTests {
  @Test(arguments: [
    LabJournal.Entry.process(id: 12, startTime: 345_678), .directory("/run/metallb-lab/mlab-1234"),
    .interface("mlab-1234-0"), .namespace("mlab-1234-node-1"),
  ])
  func `Entries survive the way to the file and back`(_ entry: LabJournal.Entry) {
    #expect(LabJournal.entry(LabJournal.line(entry)[...]) == entry)
  }

  @Test(arguments: ["", "process 12", "process x 1", "namespace", "directory a b", "other x"])
  func `Lines that are no entry are passed over`(_ line: String) {
    #expect(LabJournal.entry(line[...]) == nil)
  }

  @Test func `The owner counts only while the very same process runs`() throws {
    let path = "/tmp/lab-journal-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    defer { unlink(path) }
    let journal = LabJournal(path: path)
    let startTime = try #require(LabJournal.startTime(ofProcess: getpid()))
    try journal.append(.process(id: getpid(), startTime: startTime + 1))
    #expect(try journal.owner() == nil)
    try journal.append(.process(id: getpid(), startTime: startTime))
    #expect(try journal.owner() == getpid())
  }
}
