import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Many watches of one kind, each of which only counts its events: parsing them would be the
/// clients' work, not the server's.
final class WatchCounters: Sendable {
  private let channels: Mutex<[any Channel]> = Mutex([])
  private let state = Mutex(State())

  private struct State {
    var counts: [Int] = []
    var wanted = Int.max
    var waiting: CheckedContinuation<Void, any Error>?
    var failure: (any Error)?
  }

  struct Ended: Error { var events: Int }

  static func open(
    _ count: Int, port: Int, token: String, tls: TLSConfiguration, path: String
  ) async throws -> WatchCounters {
    let counters = WatchCounters()
    let context = try NIOSSLContext(configuration: tls)
    let head =
      "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: Bearer \(token)\r\n\r\n"
    counters.state.withLock { $0.counts = Array(repeating: 0, count: count) }
    for index in 0..<count {
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([
              try NIOSSLClientHandler(context: context, serverHostname: nil),
              EventCounter {
                counters.add($0, to: index)
              } ended: {
                counters.ended(index)
              },
            ])
          }
        }.connect(host: "127.0.0.1", port: port).get()
      try await channel.writeAndFlush(ByteBuffer(string: head)).get()
      counters.channels.withLock { $0.append(channel) }
    }
    return counters
  }

  /// Returns when every watch has seen `events`.
  func wait(forEach events: Int) async throws {
    try await withCheckedThrowingContinuation { continuation in
      let result: Result<Void, any Error>? = state.withLock { state in
        state.wanted = events
        if let failure = state.failure { return .failure(failure) }
        if state.counts.allSatisfy({ $0 >= events }) { return .success(()) }
        state.waiting = continuation
        return nil
      }
      if let result { continuation.resume(with: result) }
    }
  }

  func close() async throws {
    for channel in channels.withLock({ $0 }) { try? await channel.close() }
  }

  private func add(_ events: Int, to index: Int) {
    let waiting: CheckedContinuation<Void, any Error>? = state.withLock { state in
      state.counts[index] += events
      guard state.counts[index] >= state.wanted,
        state.counts.allSatisfy({ $0 >= state.wanted })
      else { return nil }
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume()
  }

  private func ended(_ index: Int) {
    let (waiting, error) = state.withLock { state in
      let error = Ended(events: state.counts[index])
      state.failure = error
      defer { state.waiting = nil }
      return (state.waiting, error)
    }
    waiting?.resume(throwing: error)
  }
}

/// Counts the lines of a chunked answer. Events end with a bare line feed, the framing with one
/// after a carriage return.
private final class EventCounter: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let add: (Int) -> Void
  private let ended: () -> Void
  private var last: UInt8 = 0

  init(add: @escaping (Int) -> Void, ended: @escaping () -> Void) {
    self.add = add
    self.ended = ended
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var events = 0
    unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
      for byte in bytes {
        if byte == UInt8(ascii: "\n"), last != UInt8(ascii: "\r") { events += 1 }
        last = byte
      }
    }
    if events > 0 { add(events) }
  }

  func channelInactive(context: ChannelHandlerContext) { ended() }
}
