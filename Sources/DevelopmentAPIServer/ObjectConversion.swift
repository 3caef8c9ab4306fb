import KubernetesAPI

/// Between the versions of a kind whose objects are kept in one of them.
protocol ObjectConversion: Sendable {
  /// The `apiVersion` in which new objects are kept.
  var storageVersion: String { get }
  /// The same objects in another version.
  func convert(
    _ objects: [JSONValue], to apiVersion: String, by client: WebhookCaller
  ) async throws -> [JSONValue]
}

/// Events are kept as core Events and served in `events.k8s.io` too.
struct StoredEventConversion: ObjectConversion {
  let storageVersion = "v1"

  func convert(
    _ objects: [JSONValue], to apiVersion: String, by client: WebhookCaller
  ) -> [JSONValue] {
    objects.map {
      apiVersion == "v1" ? EventConversion.core(from: $0) : EventConversion.events(from: $0)
    }
  }
}

extension ResourceCall {
  /// Stored objects in the version of the request.
  ///
  /// - Parameter isFromCache: for lists and watches, which do not convert again what was converted.
  func present(_ objects: [StoredObject], isFromCache: Bool = false) async throws -> [JSONValue] {
    guard let conversion = definition.conversion else {
      return objects.map { object in
        var value = object.value(kind)
        if !definition.shows(object) { definition.bringUpToDate?(&value) }
        return value
      }
    }
    var missing: [Int] = []
    var values = objects.enumerated().map { index, object -> JSONValue in
      let value = object.value(ResourceKind(apiVersion: object.apiVersion, of: kind))
      if object.apiVersion == kind.apiVersion { return value }
      if isFromCache, let known = object.converted(to: kind.apiVersion) { return known }
      missing.append(index)
      return value
    }
    guard !missing.isEmpty else { return values }
    let converted = try await conversion.convert(
      missing.map { values[$0] }, to: kind.apiVersion, by: webhooks)
    for (index, value) in zip(missing, converted) {
      values[index] = value
      if isFromCache, conversion is ConversionWebhook {
        objects[index].keep(value, convertedTo: kind.apiVersion)
      }
    }
    return values
  }

  func present(_ object: StoredObject, isFromCache: Bool = false) async throws -> JSONValue {
    try await present([object], isFromCache: isFromCache).first ?? object.value(kind)
  }

  /// An object in the version that is kept.
  func stored(_ object: JSONValue) async throws -> JSONValue {
    guard let conversion = definition.conversion, conversion.storageVersion != kind.apiVersion
    else { return object }
    return try await conversion.convert(
      [object], to: conversion.storageVersion, by: webhooks
    ).first ?? object
  }

  /// Converts a new version of an object for the lists and watches of its kind's other versions.
  func cacheConversions(of object: StoredObject) async {
    guard definition.conversion is ConversionWebhook else { return }
    for other in registry.definitions
    where other.storage == definition.storage && other.kind.apiVersion != object.apiVersion {
      let call = ResourceCall(
        handler: handler, request: request, attributes: attributes, user: user, definition: other,
        registry: registry)
      // A webhook that fails is asked again by whoever needs the object.
      _ = try? await call.present(object, isFromCache: true)
    }
  }
}

extension ResourceKind {
  /// The same kind in the version that `apiVersion` names.
  init(apiVersion: String, of kind: ResourceKind) {
    self = kind
    let parts = apiVersion.split(separator: "/")
    version = parts.last.map(String.init) ?? kind.version
    group = parts.count > 1 ? String(parts[0]) : ""
  }
}
