import KubernetesAPI

/// Between the versions of a kind whose objects are kept in one of them.
protocol ObjectConversion: Sendable {
  /// The version in which new objects are kept.
  var storageVersion: String { get }
  /// The same objects in another version.
  func convert(_ objects: [JSONValue], to apiVersion: String) async throws -> [JSONValue]
}

/// Events are kept as core Events and served in `events.k8s.io` too.
struct StoredEventConversion: ObjectConversion {
  let storageVersion = "v1"

  func convert(_ objects: [JSONValue], to apiVersion: String) -> [JSONValue] {
    objects.map {
      apiVersion == "v1" ? EventConversion.core(from: $0) : EventConversion.events(from: $0)
    }
  }
}

extension ResourceCall {
  /// Stored objects in the version of the request.
  func present(_ objects: [StoredObject]) async throws -> [JSONValue] {
    guard let conversion = definition.conversion else { return objects.map { $0.value(kind) } }
    let old = objects.indices.filter { objects[$0].apiVersion != kind.apiVersion }
    var values = objects.map { object in
      object.value(ResourceKind(apiVersion: object.apiVersion, of: kind))
    }
    guard !old.isEmpty else { return values }
    let converted = try await conversion.convert(old.map { values[$0] }, to: kind.apiVersion)
    for (index, value) in zip(old, converted) { values[index] = value }
    return values
  }

  func present(_ object: StoredObject) async throws -> JSONValue {
    try await present([object]).first ?? object.value(kind)
  }

  /// An object in the version that is kept.
  func stored(_ object: JSONValue) async throws -> JSONValue {
    guard let conversion = definition.conversion, conversion.storageVersion != kind.apiVersion
    else { return object }
    return try await conversion.convert([object], to: conversion.storageVersion).first ?? object
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
