internal import KubernetesAPI
internal import KubernetesClient
internal import Logging

/// Drives a `WatchStateMachine`: performs its requests, decodes what comes back, writes the store and
/// calls handlers. Everything happens on this actor, so handlers see changes in order.
actor Reflector<R: KubernetesResource> {
  typealias Action = WatchStateMachine<R>.Action

  struct Selection: Sendable {
    var kind: ResourceKind
    var namespace: String?
    var labelSelector: String?
    var fieldSelector: String?
  }

  /// What the informer wants to know.
  enum Report: Sendable {
    case changed(Change<R>)
    /// The store holds a complete list.
    case listed
    /// The server does not know the kind, or does not let us read it.
    case unavailable(KubernetesError)
  }

  private let client: APIClient
  private let selection: Selection
  private let recognize: Informer<R>.Recognizer?
  private let transform: (@Sendable (inout R) -> Void)?
  private let store: Store<R>
  private let time: TimeSource
  private let logger: Logger
  private let report: @Sendable (Report) -> Void
  private var machine = WatchStateMachine<R>()
  private var generator = SystemRandomNumberGenerator()
  private var isMetadataOnly: Bool { R.self == PartialObject.self }

  init(
    client: APIClient, selection: Selection, recognize: Informer<R>.Recognizer?,
    transform: (@Sendable (inout R) -> Void)?,
    store: Store<R>, time: TimeSource, logger: Logger, report: @escaping @Sendable (Report) -> Void
  ) {
    self.client = client
    self.selection = selection
    self.recognize = recognize
    self.transform = transform
    self.store = store
    self.time = time
    self.logger = logger
    self.report = report
  }

  /// Lists and watches until the task is cancelled, and throws `CancellationError` then.
  func run() async throws {
    var operation = await perform(step(.start))
    while true {
      try Task.checkCancellation()
      switch operation {
      case .list: operation = await perform(step(try await list()))
      case .watch(let options, let silence):
        operation = try await watch(options, silence: silence)
      case .wait(let delay):
        try await time.sleep(for: delay)
        operation = await perform(step(.waited))
      case .renewCredentials, .replace, .upsert, .remove, .report, nil:
        assertionFailure("a step without a next operation")
        return
      }
    }
  }

  /// Hands every object to the handlers again.
  func resync() {
    for (key, object) in store.snapshot {
      report(.changed(Change(key: key, old: object, new: object)))
    }
  }

  private func step(_ event: WatchStateMachine<R>.Event) -> [Action] {
    machine.step(event, now: time.now, using: &generator)
  }

  /// Does what is done at once and returns the operation to go on with; `nil` when the watch that is
  /// being read goes on.
  @discardableResult
  private func perform(_ actions: [Action]) async -> Action? {
    var operation: Action?
    for action in actions {
      switch action {
      case .replace(let snapshot):
        for change in store.replace(snapshot) { report(.changed(change)) }
        logger.debug("listed", metadata: ["objects": "\(snapshot.objects.count)"])
        report(.listed)
      case .upsert(let object):
        if let change = store.upsert(object) { report(.changed(change)) }
      case .remove(let key):
        if let change = store.remove(key) { report(.changed(change)) }
      case .report(let error, let retry): describe(error, retry: retry)
      case .renewCredentials: await client.renewCredentials()
      case .list, .watch, .wait: operation = action
      }
    }
    return operation
  }

  private func list() async throws -> WatchStateMachine<R>.Event {
    do {
      let options = ListOptions(
        labelSelector: selection.labelSelector, fieldSelector: selection.fieldSelector,
        isMetadataOnly: isMetadataOnly)
      let list = try await client.list(
        selection.kind, namespace: selection.namespace, options: options)
      var snapshot = WatchSnapshot<R>(version: list.metadata.resourceVersion ?? "")
      snapshot.objects.reserveCapacity(list.items.count)
      for item in list.items {
        switch read(item) {
        case .upsert(let object, _): snapshot.objects[object.namespacedName] = object
        case .unreadable(let key, _): snapshot.unreadable.insert(key)
        case .remove, .bookmark, .error: break
        }
      }
      return .listed(snapshot)
    } catch let error as KubernetesError {
      return .failed(error)
    }
  }

  /// Reads a watch until the machine wants something else, or until it has been open for `silence`.
  private func watch(_ options: WatchOptions, silence: Duration) async throws -> Action? {
    let operation = try await withThrowingTaskGroup(of: Action?.self) { group in
      group.addTask { try await self.read(options) }
      group.addTask { [time] in
        try await time.sleep(for: silence)
        return nil
      }
      var operation = try await group.next() ?? nil
      group.cancelAll()
      // The watch may have moved the machine at the very moment of the alarm; then that counts.
      while let result = await group.nextResult() {
        if case .success(let action?) = result { operation = action }
      }
      return operation
    }
    if let operation { return operation }
    try Task.checkCancellation()
    return await perform(step(.watchSilent))
  }

  private func read(_ options: WatchOptions) async throws -> Action? {
    var options = options
    options.labelSelector = selection.labelSelector
    options.fieldSelector = selection.fieldSelector
    options.isMetadataOnly = isMetadataOnly
    do {
      let events = try await client.watch(
        selection.kind, namespace: selection.namespace, options: options)
      await perform(step(.watchOpened))
      for try await line in events.lines {
        if let operation = await perform(step(.received(try read(line)))) { return operation }
      }
      try Task.checkCancellation()
      return await perform(step(.watchEnded))
    } catch let error as KubernetesError {
      try Task.checkCancellation()
      return await perform(step(.failed(error)))
    }
  }

  private func read(_ line: WatchLine) throws(KubernetesError) -> WatchDelivery<R> {
    if let recognize, let (name, version) = line.addedOrModified,
      let object = recognize(name, version)
    {
      return .upsert(object, version: version)
    }
    switch try line.event() {
    case .added(let object), .modified(let object): return read(object)
    case .deleted(let object):
      let (key, version) = Self.identity(object)
      return .remove(key, version: version)
    case .bookmark(let version, let isEnd):
      return .bookmark(version: version, isEndOfInitialEvents: isEnd)
    case .error(let status): return .error(status)
    }
  }

  private func read(_ value: JSONValue) -> WatchDelivery<R> {
    do {
      var object = try value.decode(R.self)
      transform?(&object)
      return .upsert(object, version: object.metadata.resourceVersion ?? "")
    } catch {
      let (key, version) = Self.identity(value)
      let reason = (error as? DecodingError)?.fieldDescription ?? "\(error)"
      logger.warning(
        "an object does not have the shape of its kind and is left at its last readable version",
        metadata: ["object": "\(key)", "reason": "\(reason)"])
      return .unreadable(key, version: version)
    }
  }

  private static func identity(_ object: JSONValue) -> (NamespacedName, version: String) {
    let metadata = object["metadata"]
    let key = NamespacedName(
      namespace: metadata?["namespace"]?.stringValue ?? "",
      name: metadata?["name"]?.stringValue ?? "")
    return (key, metadata?["resourceVersion"]?.stringValue ?? "")
  }

  private func describe(_ error: KubernetesError, retry: Duration?) {
    if error.isNotFound || error.isForbidden { report(.unavailable(error)) }
    var metadata: Logger.Metadata = ["error": "\(error)"]
    metadata["retryIn"] = retry.map { "\($0)" }
    // What is put right at once is part of a watch's life.
    let level: Logger.Level =
      retry == nil || error.isNotFound || error.isForbidden ? .debug : .warning
    logger.log(level: level, "watch failed", metadata: metadata)
  }
}
