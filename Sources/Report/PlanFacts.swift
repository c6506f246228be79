import PlanFormat
import PlanRuntime

/// What a plan says of itself that a report shows.
struct PlanFacts {
  /// An activation that is held in codes.
  struct Codes {
    let name: String
    /// Elements of one row.
    let width: Int
    /// One scale, or one for each channel.
    let scales: [Float]

    /// Whether the codes have 16 bits, for which ranges are never clipped.
    let isWide: Bool

    /// The largest magnitude that the codes of any channel can hold; nil for codes of 16 bits.
    var clip: Float? { isWide ? nil : (scales.max() ?? 0) * 127 }
    /// The middle scale.
    var medianScale: Float { scales.sorted()[scales.count / 2] }
  }

  /// Bytes of the file.
  let bytes: Int
  let layers: Int
  /// Bytes of one sequence's state.
  let stateBytes: Int
  /// Metadata, ascending by key.
  let metadata: [(key: String, value: String)]
  /// Activations held in codes, in the order of the plan.
  let codes: [Codes]
  /// What the bytes of the file are for, in the order of a model.
  let parts: [(name: String, bytes: Int)]

  init(_ plan: Plan) {
    let view = plan.view
    bytes = plan.byteCount
    layers = plan.layers
    stateBytes = Int(view.model.stateBytesPerSlot)
    metadata = (0..<view.metadataCount).map { view.metadata(at: $0) }
    codes = (0..<view.bufferCount).compactMap { index in
      let buffer = view.buffer(BufferID(UInt32(index)))
      guard !buffer.scale.isAbsent else { return nil }
      return Codes(
        name: view.string(buffer.name), width: Int(buffer.width), scales: view.floats(buffer.scale),
        isWide: buffer.type == .i16)
    }
    parts = PlanParts(view, bytes: plan.byteCount).parts
  }

  /// A value of the metadata.
  func metadata(_ key: String) -> String? { metadata.first { $0.key == key }?.value }
}

extension PlanView {
  /// The elements of a float32 vector, without padding.
  fileprivate func floats(_ id: ConstantID) -> [Float] {
    let bytes = memory[constantRange(id)]
    return (0..<Int(constant(id).d0)).map { index in
      UnsafeRawBufferPointer(rebasing: bytes).loadUnaligned(fromByteOffset: index * 4, as: Float.self)
    }
  }
}
