import CLinuxNetwork
import Synchronization

/// Wakes a thread that waits in a ``Poller``, from any thread or task.
package final class ThreadSignal: Sendable {
  private let event: OwnedDescriptor
  private let stopped = Atomic<Bool>(false)

  package init() throws(LinuxError) {
    event = try OwnedDescriptor(cln_event_create(), "create event")
  }

  /// Readable from ``wake()`` until ``clear()``.
  package var descriptor: Int32 { event.rawValue }

  /// Whether ``stop()`` was called.
  package var isStopped: Bool { stopped.load(ordering: .acquiring) }

  /// Ends the thread's wait. Several calls before it looks count as one.
  package func wake() {
    _ = cln_event_signal(event.rawValue)
  }

  /// Asks the thread to end.
  package func stop() {
    stopped.store(true, ordering: .releasing)
    wake()
  }

  /// Called by the thread, before it looks at what it was woken for.
  package func clear() {
    _ = cln_event_clear(event.rawValue)
  }
}
