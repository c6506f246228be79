extension OpSpec {
  /// A tensor of the checkpoint, or numbers given in the module itself.
  static let constant = OpSpec(
    .constant, "A tensor of the checkpoint, or zeros, one value, random or literal numbers.", side: .constant,
    attributes: [Attribute("source", .source)],
    type: { _ throws(TypeError) in throw TypeError("the type of a constant is declared, not inferred") },
    evaluate: { context in
      guard case .source(let source)? = context.node.attributes["source"] else {
        throw TypeError("the constant has no source")
      }
      let count = context.node.type.elementCount
      return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        let whole = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        whole.initialize(repeating: 0)
        try source.read(0..<count, into: whole, tensors: context.source)
        initialized = count
      }
    })
}
