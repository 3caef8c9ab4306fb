import NIOCore
import NIOPosix

/// Carries bytes between a port of loopback and a server, until it is cut.
final class Relay: Sendable {
  private let listener: any Channel
  private let accepted: AsyncStream<any Channel>
  private let end: AsyncStream<any Channel>.Continuation

  var port: Int { listener.localAddress?.port ?? 0 }

  /// - Parameter port: 0 lets the kernel choose.
  init(port: Int = 0, to target: Int) async throws {
    let (accepted, continuation) = AsyncStream<any Channel>.makeStream()
    listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { client in
        continuation.yield(client)
        // The client is not read from before this future is done.
        return ClientBootstrap(group: client.eventLoop)
          .channelInitializer { server in
            server.eventLoop.makeCompletedFuture {
              try server.pipeline.syncOperations.addHandler(Forward(to: client))
            }
          }
          .connect(host: "127.0.0.1", port: target)
          .flatMap { server in
            client.eventLoop.makeCompletedFuture {
              try client.pipeline.syncOperations.addHandler(Forward(to: server))
            }
          }
      }
      .bind(host: "127.0.0.1", port: port).get()
    self.accepted = accepted
    end = continuation
  }

  /// Closes the port and every connection.
  func cut() async {
    try? await listener.close()
    end.finish()
    for await client in accepted { client.close(promise: nil) }
  }
}

/// Passes what arrives on one channel to another one, and closes that when the first is closed.
private final class Forward: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let partner: any Channel

  init(to partner: any Channel) { self.partner = partner }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    partner.writeAndFlush(unwrapInboundIn(data), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    partner.close(promise: nil)
    context.fireChannelInactive()
  }
}
