internal import AsyncHTTPClient
package import KubernetesAPI
internal import NIOCore
internal import NIOHTTP1

/// One event of a watch.
package enum WatchEvent: Sendable, Hashable {
  case added(JSONValue)
  case modified(JSONValue)
  /// The object as it was last.
  case deleted(JSONValue)
  /// No change, but everything up to this version has been seen. With `initialEventsEnd` the
  /// objects that existed when the watch began have all been sent.
  case bookmark(resourceVersion: String, initialEventsEnd: Bool)
  /// The server ends the watch, mostly 410.
  case error(APIStatus)
}

/// What a watch request asks for.
package struct WatchOptions: Sendable, Hashable {
  package var labelSelector: String?
  package var fieldSelector: String?
  /// Events after this version; `nil` begins with the objects that exist.
  package var resourceVersion: String?
  /// The server ends the watch after about this many seconds.
  package var timeoutSeconds: Int?
  /// Begin with all existing objects and a bookmark behind them (Kubernetes 1.27 and newer).
  package var sendsInitialEvents: Bool
  /// Send no more of each object than `metadata`, `kind` and `apiVersion`.
  package var isMetadataOnly: Bool

  package init(
    labelSelector: String? = nil, fieldSelector: String? = nil, resourceVersion: String? = nil,
    timeoutSeconds: Int? = nil, sendsInitialEvents: Bool = false,
    isMetadataOnly: Bool = false
  ) {
    self.labelSelector = labelSelector
    self.fieldSelector = fieldSelector
    self.resourceVersion = resourceVersion
    self.timeoutSeconds = timeoutSeconds
    self.sendsInitialEvents = sendsInitialEvents
    self.isMetadataOnly = isMetadataOnly
  }
}

/// The events of one watch request, as they arrive. Ends when the server ends the watch; throws
/// `KubernetesError` when the connection breaks or a line is not a watch event. There is no buffer
/// behind it: who does not read slows the server down.
package struct WatchStream: AsyncSequence {
  package typealias Element = WatchEvent

  /// The same before it is read: for who may not need all of it.
  package let lines: WatchLines

  package func makeAsyncIterator() -> Iterator { Iterator(base: lines.makeAsyncIterator()) }

  package struct Iterator: AsyncIteratorProtocol {
    var base: WatchLines.Iterator

    package mutating func next() async throws -> WatchEvent? { try await base.next()?.event() }
  }
}

/// One event of a watch as it came.
package struct WatchLine: Sendable {
  let request: APIRequest
  let bytes: ByteBuffer

  package func event() throws(KubernetesError) -> WatchEvent {
    try WatchEvent(parsing: bytes, request: request)
  }

  /// Which version of which object was added or modified; nil for what else may have happened. Costs a fraction of
  /// ``event()``.
  package var addedOrModified: (name: NamespacedName, version: String)? {
    guard
      let value = try? JSONValue(parsing: bytes.readableBytesView, only: Self.outline),
      let type = value["type"]?.stringValue, type == "ADDED" || type == "MODIFIED",
      let metadata = value["object"]?["metadata"],
      let name = metadata["name"]?.stringValue,
      let version = metadata["resourceVersion"]?.stringValue
    else { return nil }
    return (
      NamespacedName(namespace: metadata["namespace"]?.stringValue ?? "", name: name), version
    )
  }

  private static let outline = JSONOutline.members([
    "type": .whole,
    "object": .members([
      "metadata": .members(["name": .whole, "namespace": .whole, "resourceVersion": .whole])
    ]),
  ])
}

/// The lines of one watch request, as they arrive; see ``WatchStream``.
package struct WatchLines: AsyncSequence {
  package typealias Element = WatchLine

  /// etcd refuses objects over 1.5 MB by default; JSON of an object is at most a few times that.
  static let lineLimit = 16 * 1024 * 1024

  let request: APIRequest
  let body: HTTPClientResponse.Body

  package func makeAsyncIterator() -> Iterator {
    Iterator(request: request, base: body.makeAsyncIterator())
  }

  package struct Iterator: AsyncIteratorProtocol {
    let request: APIRequest
    var base: HTTPClientResponse.Body.AsyncIterator
    var framer = LineFramer(limit: lineLimit)

    package mutating func next() async throws -> WatchLine? {
      while true {
        do {
          if let line = try framer.next() { return WatchLine(request: request, bytes: line) }
        } catch {
          throw KubernetesError(
            .malformedResponse, request: request.summary,
            detail: "a line of the watch is longer than \(error.limit) bytes", cause: error)
        }
        do {
          guard let chunk = try await base.next(isolation: #isolation) else { return nil }
          framer.append(chunk)
        } catch {
          throw try Transport.connectionError(error, request)
        }
      }
    }
  }
}

extension APIClient {
  /// Starts a watch and returns once the server has accepted it. Cancelling the task that reads, or
  /// letting go of the stream, ends the request.
  package func watch(
    _ kind: ResourceKind, namespace: String? = nil, options: WatchOptions = WatchOptions()
  ) async throws -> WatchStream {
    let request = APIRequest.watch(kind, namespace: namespace, options: options)
    let transport = transport
    let response = try await transport.time.limit(requestTimeout) {
      let response = try await transport.start(request)
      let code = Int(response.status.code)
      if 200..<300 ~= code { return response }
      // What does not fit is no Status.
      let body: ByteBuffer
      do {
        body = try await response.body.collect(upTo: 1024 * 1024)
      } catch {
        throw try Transport.connectionError(error, request)
      }
      throw Self.error(
        APIResponse(code: code, retryAfter: response.retryAfter, body: body), request)
    }
    guard let response else {
      throw KubernetesError(
        .timeout, request: request.summary, detail: "no answer within \(requestTimeout)")
    }
    return WatchStream(lines: WatchLines(request: request, body: response.body))
  }

  /// Makes the next request use fresh credentials, after a watch was refused with 401.
  package func renewCredentials() async { await transport.credentials.invalidate() }
}

extension APIRequest {
  static func watch(
    _ kind: ResourceKind, namespace: String?, options: WatchOptions
  ) -> APIRequest {
    var request = APIRequest(.get, kind.path(namespace: namespace?.percentEncoded))
    if options.isMetadataOnly {
      request.accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
    }
    request.addQuery("watch", "true")
    request.addQuery("allowWatchBookmarks", "true")
    request.addQuery("labelSelector", options.labelSelector)
    request.addQuery("fieldSelector", options.fieldSelector)
    request.addQuery("resourceVersion", options.resourceVersion)
    if options.sendsInitialEvents {
      request.addQuery("sendInitialEvents", "true")
      request.addQuery("resourceVersionMatch", "NotOlderThan")
    }
    request.addQuery("timeoutSeconds", options.timeoutSeconds.map(String.init))
    return request
  }
}

extension WatchEvent {
  /// Reads one line: `{"type": "ADDED", "object": {…}}`.
  init(parsing line: ByteBuffer, request: APIRequest) throws(KubernetesError) {
    func malformed(_ detail: String, _ cause: (any Error)? = nil) -> KubernetesError {
      KubernetesError(.malformedResponse, request: request.summary, detail: detail, cause: cause)
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: line.readableBytesView)
    } catch {
      throw malformed("a line of the watch is no JSON: \(error)", error)
    }
    guard let type = value["type"]?.stringValue, let object = value["object"] else {
      throw malformed("a line of the watch has no type or object")
    }
    switch type {
    case "ADDED": self = .added(object)
    case "MODIFIED": self = .modified(object)
    case "DELETED": self = .deleted(object)
    case "BOOKMARK":
      guard let version = object[path: ["metadata", "resourceVersion"]]?.stringValue else {
        throw malformed("a bookmark has no resource version")
      }
      let end = object[path: ["metadata", "annotations", "k8s.io/initial-events-end"]]
      self = .bookmark(resourceVersion: version, initialEventsEnd: end?.stringValue == "true")
    case "ERROR":
      do {
        self = .error(try object.decode(APIStatus.self))
      } catch {
        throw malformed("an error of the watch is no Status", error)
      }
    default: throw malformed("a watch event has the unknown type \"\(type)\"")
    }
  }
}
