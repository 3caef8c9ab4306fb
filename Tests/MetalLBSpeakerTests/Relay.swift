import NIOCore
import NIOPosix

/// Carries bytes between a port of loopback and a server, until it is cut.
struct Relay {
  typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

  let port: Int
  private let listener: NIOAsyncChannel<Connection, Never>
  private let target: Int

  /// - Parameter port: 0 lets the kernel choose.
  init(port: Int = 0, to target: Int) async throws {
    self.target = target
    listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .bind(host: "127.0.0.1", port: port, childChannelInitializer: Self.wrap)
    self.port = listener.channel.localAddress?.port ?? 0
  }

  /// Relays until the task is cancelled, which closes every connection.
  func run() async throws {
    try await withThrowingDiscardingTaskGroup { connections in
      try await listener.executeThenClose { accepted in
        for try await client in accepted {
          connections.addTask { try? await relay(client) }
        }
      }
    }
  }

  private func relay(_ client: Connection) async throws {
    let server = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: target, channelInitializer: Self.wrap)
    try await client.executeThenClose { fromClient, toClient in
      try await server.executeThenClose { fromServer, toServer in
        try await withThrowingTaskGroup(of: Void.self) { directions in
          directions.addTask {
            for try await bytes in fromClient { try await toServer.write(bytes) }
          }
          directions.addTask {
            for try await bytes in fromServer { try await toClient.write(bytes) }
          }
          try await directions.next()
          directions.cancelAll()
        }
      }
    }
  }

  @Sendable private static func wrap(_ channel: any Channel) -> EventLoopFuture<Connection> {
    channel.eventLoop.makeCompletedFuture {
      try Connection(wrappingChannelSynchronously: channel)
    }
  }
}
