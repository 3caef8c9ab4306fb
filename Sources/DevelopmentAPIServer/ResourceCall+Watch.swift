import KubernetesAPI
import NIOCore

extension ResourceCall {
  func watch(_ table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let options = try ListOptions(self)
    let form = try outputForm()
    let stream = WatchStream(
      call: self, table: table, definition: definition, options: options, form: form,
      objects: try TableForm.Objects(request.query), defaultTimeout: handler.settings.watchTimeout)
    let strike = strike
    return APIResponse(
      contentType: form.watchContentType,
      stream: APIResponse.OpenStream(attributes: attributes, user: user.name) { writer in
        if strike.isGone {
          try await writer([stream.goneLine(await store.read { $0.revision })])
        } else if let limit = strike.cutAfter {
          var left = limit
          guard left > 0 else { throw StreamCut() }
          try await stream.run { lines in
            try await writer(Array(lines.prefix(left)))
            left -= lines.count
            if left <= 0 { throw StreamCut() }
          }
        } else {
          try await stream.run(writer)
        }
      })
  }
}

/// A fault on request: the connection ends in the middle of a stream.
struct StreamCut: Error {}

extension OutputForm {
  var watchContentType: String { encoding.contentType }
}

/// One watch, from its first event to its end. It holds nothing but a position in the history of
/// its kind: a reader that is too slow loses its place and is told to list again.
struct WatchStream: Sendable {
  let call: ResourceCall
  let table: ResourceDefinition.StorageKey
  let definition: ResourceDefinition
  let options: ListOptions
  let form: OutputForm
  let objects: TableForm.Objects
  let defaultTimeout: Duration

  private var store: ObjectStore { call.store }

  /// So many lines are made before the reader has to take them.
  private static let portion = 256
  private static let bookmarkInterval: Duration = .seconds(60)
  /// A last bookmark is sent this long before the end.
  private static let lastBookmark: Duration = .seconds(2)

  func run(_ writer: StreamWriter) async throws {
    let clock = ContinuousClock()
    let timeout = options.timeoutSeconds.map { Duration.seconds($0) } ?? defaultTimeout
    let end = clock.now + timeout
    var nextBookmark = clock.now + Self.firstBookmark(timeout)
    var tables = TableForm(objects: objects)
    let sharesLines = form == OutputForm() && definition.conversion == nil
    guard var position = try await start(writer, &tables) else { return }
    while true {
      let deadline = options.allowsBookmarks ? min(end, nextBookmark) : end
      switch await store.events(in: table, after: position, until: deadline) {
      case .closed: return
      case .expired:
        let current = await store.read { $0.revision }
        try await writer([
          Self.line(.error, Self.tooOld(position, current: current))
        ])
        return
      case .events(let events, let through):
        position = through
        var lines: [ByteBuffer] = []
        for event in events {
          guard let type = visibleType(of: event) else { continue }
          if sharesLines, definition.shows(event.object), type != .deleted || event.isRemoval {
            lines.append(event.line(.init(type: type, kind: definition.kind)))
          } else {
            lines.append(try await line(type, of: event, &tables))
          }
        }
        if !lines.isEmpty { try await writer(lines) }
        let now = clock.now
        if now >= end { return }
        if options.allowsBookmarks, now >= nextBookmark {
          try await writer([bookmark(position, endsInitialEvents: false, &tables)])
          let last = end - Self.lastBookmark
          nextBookmark = min(now + Self.bookmarkInterval, max(last, now + .seconds(1)))
        }
      }
    }
  }

  /// Sends what is there before the first change, and returns the version that it leads to; `nil`
  /// when the watch is over already.
  private func start(
    _ writer: StreamWriter, _ tables: inout TableForm
  ) async throws -> UInt64? {
    let wantsState = options.resourceVersion ?? 0 == 0 || options.sendsInitialEvents == true
    guard wantsState, options.sendsInitialEvents != false else {
      if let version = options.resourceVersion, version > 0 { return version }
      return await store.read { $0.revision }
    }
    let (objects, revision) = await store.read { ($0[table].objects, $0.revision) }
    var lines: [ByteBuffer] = []
    for object in objects where selects(object) {
      lines.append(try await line(.added, object, &tables))
      if lines.count == Self.portion {
        try await writer(lines)
        lines = []
      }
    }
    if options.sendsInitialEvents == true, options.allowsBookmarks {
      lines.append(bookmark(revision, endsInitialEvents: true, &tables))
    }
    if !lines.isEmpty { try await writer(lines) }
    return revision
  }

  /// What a watch from a forgotten version is told.
  func goneLine(_ current: UInt64) -> ByteBuffer {
    Self.line(.error, Self.tooOld(options.resourceVersion ?? 0, current: current))
  }

  private func selects(_ object: StoredObject) -> Bool {
    (options.namespace.isEmpty || object.namespace == options.namespace)
      && options.selection.matches(object)
  }

  /// What this watcher sees of an event, if anything.
  private func visibleType(of event: StoreEvent) -> WatchEventType? {
    let before = event.previous.map(selects) ?? false
    let after = !event.isRemoval && selects(event.object)
    return switch (before, after) {
    case (false, true): .added
    case (true, true): .modified
    case (true, false): .deleted
    case (false, false): nil
    }
  }

  private func line(
    _ type: WatchEventType, of event: StoreEvent, _ tables: inout TableForm
  ) async throws -> ByteBuffer {
    guard type == .deleted, !event.isRemoval, let previous = event.previous else {
      return try await line(type, event.object, &tables)
    }
    // The last state that was selected, at the version in which it ceased to be.
    let last = StoredObject(
      previous.value(definition.kind), resourceVersion: event.resourceVersion,
      schema: previous.schema)
    return try await line(.deleted, last, &tables)
  }

  private func line(
    _ type: WatchEventType, _ object: StoredObject, _ tables: inout TableForm
  ) async throws -> ByteBuffer {
    if form.shape == .object, definition.conversion == nil, definition.shows(object) {
      return StoreEvent.line(.init(type: type, kind: definition.kind), object: object)
    }
    let value = try await call.present(object, isFromCache: true)
    switch form.shape {
    case .object: return Self.line(type, value)
    case .partialMetadata: return Self.line(type, PartialMetadata.of(value))
    case .table: return Self.line(type, tables.table(of: value, definition: definition))
    }
  }

  /// Short watches have no bookmark but the one that ends a streaming list.
  private static func firstBookmark(_ timeout: Duration) -> Duration {
    timeout > lastBookmark ? min(bookmarkInterval, timeout - lastBookmark) : timeout + lastBookmark
  }

  private func bookmark(
    _ version: UInt64, endsInitialEvents: Bool, _ tables: inout TableForm
  ) -> ByteBuffer {
    var metadata: JSONObject = ["resourceVersion": .string(String(version))]
    if endsInitialEvents {
      metadata["annotations"] = .object(["k8s.io/initial-events-end": "true"])
    }
    let kind =
      form.shape == .partialMetadata
      ? ResourceKind(
        group: "meta.k8s.io", version: "v1", kind: "PartialObjectMetadata", plural: "")
      : definition.kind
    let object: JSONValue = [
      "kind": .string(kind.kind), "apiVersion": .string(kind.apiVersion),
      "metadata": .object(metadata),
    ]
    if form.shape == .table {
      return Self.line(.bookmark, tables.table(of: object, definition: definition))
    }
    return Self.line(.bookmark, object)
  }

  private static func line(_ type: WatchEventType, _ object: JSONValue) -> ByteBuffer {
    let event: JSONValue = ["type": .string(type.rawValue), "object": object]
    return ByteBuffer(bytes: event.jsonBytes + [0x0A])
  }

  private static func tooOld(_ position: UInt64, current: UInt64) -> JSONValue {
    APIError.expired("too old resource version: \(position) (\(current))").status.json
  }
}
