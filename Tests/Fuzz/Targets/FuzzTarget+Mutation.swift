extension FuzzTarget {
  /// An input whose JSON is changed by values; nil where the target's inputs have none.
  /// - Parameter mutate: changes the bytes of one value.
  public func changingJSON(of bytes: [UInt8], seed: UInt64, _ mutate: ([UInt8]) -> [UInt8]) -> [UInt8]? {
    switch self {
    case .index, .config, .tokenizer, .statistics, .recipe, .json:
      return Self.changed(bytes, seed, mutate)
    case .safetensors where bytes.count >= 8:
      let stated = bytes[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      let end = 8 + Int(min(stated, UInt64(bytes.count - 8)))
      let header = Self.changed(Array(bytes[8..<end]), seed, mutate)
      return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + bytes[end...]
    case .safetensors, .plan, .planEdits, .pickle, .ir, .minisign: return nil
    }
  }

  private static func changed(
    _ text: [UInt8], _ seed: UInt64, _ mutate: ([UInt8]) -> [UInt8]
  ) -> [UInt8] {
    var mutation = JSONMutation(text, seed: seed)
    return mutation.mutated(mutate)
  }
}
