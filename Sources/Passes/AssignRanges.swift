import Diagnostics
import IR

extension Pass {
  /// Quantization and dequantization of every activation that the recipe makes 8 bits wide.
  public static let assignRanges = Pass(
    name: "assign-ranges",
    summary:
      "Sends every activation that will be 8 bits wide through quantize and dequantize, with calibrated scales.",
    requires: .folded ... .rotated, produces: .ranged, promise: .lossy, isNeeded: { $0.isQuantized }
  ) { rewriter in
    var copies: [[ActivationUse: ValueID]] = Array(repeating: [:], count: rewriter.before.nodes.count)
    for value in rewriter.before.values {
      let node = rewriter.before[value]
      let operands = node.operands.enumerated().map { position, operand in
        let use = ActivationUse(of: value, operand: position, rewriter)
        return use.flatMap { copies[operand.index][$0] } ?? rewriter.image(operand)
      }
      let uses = quantizedUses(of: value, rewriter)
      rewriter.copy(value, operands: operands, name: uses.isEmpty ? nil : node.name + TensorNames.floatSuffix)
      if !uses.isEmpty { copies[value.index] = try quantizedCopies(of: value, uses: uses, &rewriter) }
    }
  }

  /// The ways in which `value` is used that the recipe quantizes.
  private static func quantizedUses(of value: ValueID, _ rewriter: Rewriter) -> [ActivationUse] {
    guard !rewriter.before[value].isConstant else { return [] }
    var found: Set<ActivationUse> = []
    for user in rewriter.uses[value.index] {
      for (position, operand) in rewriter.before[user].operands.enumerated() where operand == value {
        if let use = ActivationUse(of: user, operand: position, rewriter) { found.insert(use) }
      }
    }
    return ActivationUse.allCases.filter(found.contains)
  }

  /// Emits quantize and dequantize for each use; uses with equal scales share them.
  private static func quantizedCopies(
    of value: ValueID, uses: [ActivationUse], _ rewriter: inout Rewriter
  ) throws -> [ActivationUse: ValueID] {
    let name = rewriter.before[value].name
    guard let range = rewriter.ranges[name], range.channels.count == rewriter.before[value].type.width else {
      rewriter.findings.append(
        Diagnostic(
          .missingRange, "the statistics have no range of this tensor", at: .node(name),
          hint: "calibrate again with this version of the tool"))
      return [:]
    }
    var copies: [ActivationUse: ValueID] = [:]
    var shared: (scale: Float, copy: ValueID)?
    for use in uses {
      let isScanCopy = !copies.isEmpty
      let own = isScanCopy ? rewriter.ranges[TensorNames.scanCopy(of: name)] : nil
      let scale = Quantizer.scale(maximum: (own ?? range).clipped ?? range.maximum)
      let scales = use == .streamed ? rewriter.recipe.scales(ofScanInput: name) : .tensor
      if let shared, scales == .tensor, shared.scale == scale {
        copies[use] = shared.copy
        continue
      }
      let copy = isScanCopy ? TensorNames.scanCopy(of: name) : name
      warnOfZeroRange(range, name: copy, &rewriter)
      let type =
        scales == .tensor
        ? Scale.perTensor(scale) : .perChannel(channelScales(range, name: copy, for: value, &rewriter))
      copies[use] = try quantizedCopy(of: value, scale: type, name: copy, &rewriter)
      if scales == .tensor { shared = copies[use].map { (scale, $0) } }
    }
    return copies
  }

  private static func quantizedCopy(
    of value: ValueID, scale: Scale, name: String, _ rewriter: inout Rewriter
  ) throws -> ValueID {
    let codes = try rewriter.emit(.quantize, [rewriter.image(value)], name: name, for: value, scale: scale)
    return try rewriter.emit(.dequantize, [codes], name: "\(name).dequantized", for: value)
  }

  /// A constant with the scale of each channel.
  private static func channelScales(
    _ range: TensorRange, name: String, for value: ValueID, _ rewriter: inout Rewriter
  ) -> ValueID {
    let scales = range.channels.map(Quantizer.scale(maximum:))
    return rewriter.constant(.values(scales), [scales.count], name: "\(name).scales", for: value)
  }

  private static func warnOfZeroRange(_ range: TensorRange, name: String, _ rewriter: inout Rewriter) {
    guard range.maximum == 0 else { return }
    rewriter.findings.append(
      Diagnostic(
        .zeroRange, "the tensor was zero throughout calibration; its scale is 1", at: .node(name),
        hint: "calibrate on more text", severity: .warning))
  }
}

/// How an operation uses an activation that may be quantized.
enum ActivationUse: CaseIterable {
  /// Summed over its channels by a product: one scale.
  case contracted
  /// Read channel by channel by convolution or scan: a scale for each channel will do.
  case streamed

  /// How `user` uses its operand, where the recipe quantizes it.
  init?(of user: ValueID, operand position: Int, _ rewriter: Rewriter) {
    let (module, recipe) = (rewriter.before, rewriter.recipe)
    switch (module[user].op, position) {
    case (.linear, 0):
      guard recipe.contractsCodes(user, in: module) else { return nil }
      self = .contracted
    case (.conv1d, 0), (.selectiveScan, 0...4):
      guard recipe.scales(ofScanInput: module[module[user].operands[position]].name) != .none else {
        return nil
      }
      self = .streamed
    default: return nil
    }
  }
}
