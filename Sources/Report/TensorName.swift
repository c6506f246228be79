/// The name of a tensor in its parts: which layer, and what it is there.
struct TensorName: Equatable, Sendable {
  /// The layer; nil for tensors outside the layers.
  let layer: Int?
  /// What the tensor is, such as `u`: the last part of the name.
  let kind: String

  init(_ name: String) {
    let parts = name.split(separator: ".")
    kind = parts.last.map(String.init) ?? name
    let place = parts.firstIndex(of: "layers")
    layer = place.flatMap { parts.indices.contains($0 + 1) ? Int(parts[$0 + 1]) : nil }
  }
}
