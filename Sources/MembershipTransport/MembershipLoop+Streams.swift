import Membership
import NIOCore
import NIOPosix

extension MembershipLoop {
  /// Takes a connection that another host opened, or refuses it.
  func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
    let host = channel.remoteAddress.flatMap { MemberAddress($0) }?.shortestBytes ?? []
    guard streams.mayAccept(from: host), let id = acceptStream() else {
      metrics.refusedStream()
      // which closes it
      return channel.eventLoop.makeFailedFuture(MembershipError.tooManyStreams)
    }
    streams.add(id, channel, from: host)
    metrics.streamsOpen(streams.count)
    return addHandler(for: id, to: channel)
  }

  /// Connects, and sends the first bytes.
  func open(_ id: StreamID, to address: MemberAddress, sending bytes: [UInt8]) {
    guard let target = address.socketAddress(from: address.family) else {
      return eventLoop.execute { self.assumeIsolated { $0.streamEnded(id) } }
    }
    ClientBootstrap(group: eventLoop)
      .connectTimeout(TimeAmount(streamTimeout))
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        self.assumeIsolated { loop in
          // Known before it is connected, so that it can be closed.
          loop.streams.add(id, channel, from: nil)
          loop.metrics.streamsOpen(loop.streams.count)
          return loop.addHandler(for: id, to: channel)
        }
      }
      .connect(to: target)
      .whenComplete { result in
        switch result {
        case .success(let channel):
          channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        case .failure: self.assumeIsolated { $0.streamEnded(id) }
        }
      }
  }

  private func addHandler(for id: StreamID, to channel: any Channel) -> EventLoopFuture<Void> {
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandler(StreamHandler(loop: self, stream: id))
    }
  }

  func streamRead(_ bytes: [UInt8], on id: StreamID) {
    guard streams.receive(bytes.count, on: id) else {
      metrics.refusedStream()
      close(id)
      return streamEnded(id)
    }
    receive(bytes, on: id)
  }

  /// Sends the last bytes.
  func finish(_ id: StreamID, sending bytes: [UInt8]) {
    guard let (channel, closing) = streams.finish(id) else { return }
    channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenComplete { result in
      switch result {
      case .success: channel.close(mode: closing, promise: nil)
      case .failure: channel.close(promise: nil)
      }
    }
  }

  func close(_ id: StreamID) {
    streams.remove(id)?.close(promise: nil)
    metrics.streamsOpen(streams.count)
  }

  func inputClosed(_ id: StreamID) {
    streams.inputClosed(id)?.close(promise: nil)
  }
}

/// Hands what a connection brings to the loop.
final class StreamHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let loop: MembershipLoop
  private let stream: StreamID

  init(loop: MembershipLoop, stream: StreamID) {
    self.loop = loop
    self.stream = stream
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = Array(unwrapInboundIn(data).readableBytesView)
    let stream = stream
    loop.assumeIsolated { $0.streamRead(bytes, on: stream) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .inputClosed? = event as? ChannelEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    let stream = stream
    loop.assumeIsolated { $0.inputClosed(stream) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    let stream = stream
    loop.assumeIsolated { $0.streamEnded(stream) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// Hands datagrams to the loop.
final class DatagramReceiver: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let loop: MembershipLoop

  init(loop: MembershipLoop) {
    self.loop = loop
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    guard let sender = MemberAddress(envelope.remoteAddress) else { return }
    let bytes = Array(envelope.data.readableBytesView)
    loop.assumeIsolated { $0.receive(bytes, from: sender) }
  }

  /// Errors of a datagram socket concern one datagram.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let loop = loop
    loop.assumeIsolated { $0.metrics.unsendable() }
  }
}
