import IR

/// The mixer of Mamba-2: one projection gives z, x, B, C and dt of each head; the norm follows the gate.
extension MambaImporter {
  mutating func buildMixer(_ block: LayerNames, _ norm: ValueID, heads: HeadLayout) throws -> ValueID {
    let shared = heads.groups * model.states
    let widths = [model.inner, model.inner, shared, shared, heads.count]
    let projected = try project(
      block, "in_proj", norm, [widths.reduce(0, +), model.width], hasBias: model.hasBias)
    var parts: [ValueID] = []
    for (index, name) in ["z", "x", "b_in", "c_in", "dt"].enumerated() {
      let start = widths[..<index].reduce(0, +)
      parts.append(try slice(block, name, projected, start: start, count: widths[index], of: "in_proj"))
    }
    let convolved = try buildConvolutions(
      block, ["u", "b", "c"], of: Array(parts[1...3]), Array(widths[1...3]))
    let logarithm = tensors.constant(block.tensor("A_log"), [heads.count], &builder)
    let a = try builder.emit(
      .negativeExp, [logarithm], name: block.value("mixer.a"), origin: block.tensor("A_log"))
    let d = tensors.constant(block.tensor("D"), [heads.count], &builder)
    let step = tensors.constant(block.tensor("dt_bias"), [heads.count], &builder)
    let scanned = try builder.emit(
      .selectiveScan, [convolved[0], parts[4], convolved[1], convolved[2], parts[0], a, d, step],
      scanAttributes(heads), name: block.value("mixer.scan"), origin: block.mixer)
    let y = try buildGatedNorm(block, scanned, heads)
    return try project(block, "out_proj", y, [model.width, model.inner], hasBias: model.hasBias, name: "out")
  }

  private func scanAttributes(_ heads: HeadLayout) -> Attributes {
    var attributes: Attributes = [:]
    if heads.groups > 1 { attributes["groups"] = .integer(heads.groups) }
    if let minimum = heads.minimum { attributes["minimum"] = .real(minimum) }
    if let maximum = heads.maximum { attributes["maximum"] = .real(maximum) }
    return attributes
  }

  /// The scan's gate is part of it, so the norm of the gated output is a norm like any other.
  private mutating func buildGatedNorm(
    _ block: LayerNames, _ gated: ValueID, _ heads: HeadLayout
  ) throws -> ValueID {
    let gain = tensors.constant(block.tensor("norm.weight"), [model.inner], &builder)
    var attributes: Attributes = ["epsilon": .real(model.epsilon)]
    if heads.groups > 1 { attributes["groups"] = .integer(heads.groups) }
    return try builder.emit(
      .rmsNorm, [gated, gain], attributes, name: block.value("mixer.y"), origin: block.tensor("norm"))
  }

  /// One convolution for each of the parts whose channels the checkpoint has in one tensor.
  private mutating func buildConvolutions(
    _ block: LayerNames, _ names: [String], of inputs: [ValueID], _ widths: [Int]
  ) throws -> [ValueID] {
    let channels = widths.reduce(0, +)
    let origin = block.tensor("conv1d")
    let raw = tensors.constant("\(origin).weight", [channels, 1, model.taps], &builder)
    let whole = try builder.emit(
      .reshape, [raw], ["rows": .integer(channels)], name: block.value("mixer.conv1d.weight"),
      origin: "\(origin).weight")
    let constants =
      [whole] + (model.hasConvolutionBias ? [tensors.constant("\(origin).bias", [channels], &builder)] : [])
    var results: [ValueID] = []
    for (index, name) in names.enumerated() {
      let rows: Attributes = [
        "start": .integer(widths[..<index].reduce(0, +)), "count": .integer(widths[index]),
      ]
      let value = block.value("mixer.\(name)")
      var operands = [inputs[index]]
      for (constant, part) in zip(constants, ["weight", "bias"]) {
        operands.append(
          try builder.emit(
            .sliceRows, [constant], rows, name: "\(value).\(part)", origin: "\(origin).\(part)"))
      }
      let convolved = try builder.emit(.conv1d, operands, name: "\(value).conv1d", origin: origin)
      results.append(try builder.emit(.silu, [convolved], name: value, origin: block.mixer))
    }
    return results
  }
}
