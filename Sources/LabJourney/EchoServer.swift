internal import Hummingbird
package import Logging
internal import NIOCore
internal import ServiceLifecycle

/// Answers every request with one line that says which Pod on which node answered, and whom: what a
/// lab's Service serves.
package struct EchoServer: ServiceLifecycle.Service {
  private let port: Int
  private let node: String
  private let pod: String
  private let logger: Logger

  package init(port: Int, node: String, pod: String, logger: Logger) {
    self.port = port
    self.node = node
    self.pod = pod
    self.logger = logger
  }

  package func run() async throws {
    let (node, pod) = (node, pod)
    let application = Application(
      responder: CallbackResponder { _, context in
        let client = context.client?.ipAddress ?? "somebody"
        return Response(
          status: .ok,
          // One connection for each request, so that each one is balanced.
          headers: [.contentType: "text/plain", .connection: "close"],
          body: ResponseBody(
            byteBuffer: ByteBuffer(string: "\(EchoAnswer(pod: pod, node: node, client: client))\n"))
        )
      } as CallbackResponder<EchoContext>,
      configuration: ApplicationConfiguration(address: .hostname("0.0.0.0", port: port)),
      logger: logger)
    try await application.run()
  }
}

/// What the server knows about a request: also who sent it.
private struct EchoContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let client: SocketAddress?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    client = source.channel.remoteAddress
  }
}

/// `pod echo-x on node-2 to 172.29.0.2`
package struct EchoAnswer: Sendable, Hashable, CustomStringConvertible {
  package var pod: String
  package var node: String
  package var client: String

  package init(pod: String, node: String, client: String) {
    self.pod = pod
    self.node = node
    self.client = client
  }

  package init?(_ text: String) {
    let words = text.split { $0 == " " || $0.isNewline }.map(String.init)
    guard words.count == 6, words[0] == "pod", words[2] == "on", words[4] == "to" else {
      return nil
    }
    self.init(pod: words[1], node: words[3], client: words[5])
  }

  package var description: String { "pod \(pod) on \(node) to \(client)" }
}
