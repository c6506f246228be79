import Diagnostics
import IR

extension Pass {
  /// Quantization and dequantization of every activation that the recipe makes codes.
  public static let assignRanges = Pass(
    name: "assign-ranges",
    summary:
      "Sends every activation that will be codes through quantize and dequantize, with calibrated scales.",
    requires: .folded ... .rotated, produces: .ranged, promise: .lossy, needsRanges: true,
    isNeeded: { $0.isQuantized }
  ) { rewriter in
    var copies: [[ActivationUse: ValueID]] = Array(repeating: [:], count: rewriter.before.nodes.count)
    for value in rewriter.before.values {
      let node = rewriter.before[value]
      let operands = node.operands.enumerated().map { position, operand in
        let use = ActivationUse(of: value, operand: position, rewriter)
        return use.flatMap { copies[operand.index][$0] } ?? rewriter.image(operand)
      }
      let uses = quantizedUses(of: value, rewriter)
      let isSmoothed = rewriter.uses[value.index].contains { isSmoothing($0, rewriter) }
      let keepsName = isSmoothing(value, rewriter) || uses.isEmpty && !isSmoothed
      rewriter.copy(value, operands: operands, name: keepsName ? nil : node.name + TensorNames.floatSuffix)
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

  /// Emits quantize and dequantize for each use; uses with one scale by the same rule share them, whatever was seen.
  private static func quantizedCopies(
    of value: ValueID, uses: [ActivationUse], _ rewriter: inout Rewriter
  ) throws -> [ActivationUse: ValueID] {
    let name = TensorNames.name(ofActivation: value, in: rewriter.before)
    guard let range = rewriter.ranges[name], range.channels.count == rewriter.before[value].type.width else {
      rewriter.findings.append(
        Diagnostic(
          .missingRange, "the statistics have no range of this tensor", at: .node(name),
          hint: "calibrate again with this version of the tool"))
      return [:]
    }
    let isSmoothed = rewriter.uses[value.index].contains { isSmoothing($0, rewriter) }
    var copies: [ActivationUse: ValueID] = [:]
    var shared: (clip: Clip, copy: ValueID)?
    for use in uses {
      let scales = use == .streamed ? rewriter.recipe.scales(ofScanInput: name) : .tensor
      let isWide = use == .contractedWide
      let isScanCopy = isSmoothed || !copies.isEmpty
      let copy = isScanCopy ? TensorNames.scanCopy(of: name) : name
      let own = (isScanCopy ? rewriter.ranges[copy] : nil) ?? range
      let clip =
        (isScanCopy ? rewriter.recipe.namedClip(ofActivation: copy) : nil)
        ?? rewriter.recipe.clip(ofActivation: name)
      if let shared, scales == .tensor, !isWide, shared.clip == clip {
        copies[use] = shared.copy
        continue
      }
      let scale = Quantizer.scale(
        maximum: own.clipped ?? own.maximum, highest: isWide ? Quantizer.highestWide : Quantizer.highest)
      warnOfZeroRange(range, name: copy, &rewriter)
      let type =
        scales == .tensor
        ? Scale.perTensor(scale) : .perChannel(channelScales(range, name: copy, for: value, &rewriter))
      copies[use] = try quantizedCopy(of: value, scale: type, isWide: isWide, name: copy, &rewriter)
      if scales == .tensor, !isWide { shared = copies[use].map { (clip, $0) } }
    }
    return copies
  }

  /// Whether a value is an activation divided by smoothing factors, on its way into products.
  private static func isSmoothing(_ value: ValueID, _ rewriter: Rewriter) -> Bool {
    rewriter.before[value].op == .scaleChannels && !quantizedUses(of: value, rewriter).isEmpty
  }

  private static func quantizedCopy(
    of value: ValueID, scale: Scale, isWide: Bool, name: String, _ rewriter: inout Rewriter
  ) throws -> ValueID {
    let codes = try rewriter.emit(
      .quantize, [rewriter.image(value)], isWide ? ["bits": .integer(16)] : [:], name: name, for: value,
      scale: scale)
    return try rewriter.emit(.dequantize, [codes], name: "\(name).dequantized", for: value)
  }

  /// A constant with the scale of each channel, by its maximum: clips are of tensors with one scale.
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
  /// The same in 16 bits.
  case contractedWide
  /// Read channel by channel by convolution, scan or attention: a scale for each channel will do.
  case streamed

  /// How `user` uses its operand, where the recipe quantizes it.
  init?(of user: ValueID, operand position: Int, _ rewriter: Rewriter) {
    let (module, recipe) = (rewriter.before, rewriter.recipe)
    switch (module[user].op, position) {
    case (.linear, 0):
      guard recipe.contractsCodes(user, in: module) else { return nil }
      self = user == module.result && recipe.headInput == .int16 ? .contractedWide : .contracted
    case (.conv1d, 0), (.selectiveScan, 0...4):
      guard recipe.scales(ofScanInput: module[module[user].operands[position]].name) != .none else {
        return nil
      }
      self = .streamed
    case (.attention, 1...2):
      guard module[user].operands[1...2].allSatisfy({ recipe.scales(ofScanInput: module[$0].name) != .none })
      else { return nil }
      self = .streamed
    default: return nil
    }
  }
}
