public import Calibration
import Diagnostics
import IR
import Passes

/// How many tokens calibration sent to one expert.
public struct ExpertCoverage: Sendable {
  /// The expert, such as `layers.1.mlp.experts.3`.
  public let expert: String
  /// Tokens that it saw.
  public let tokens: Int

  /// Fewer tokens than this tell little of an expert's ranges.
  static let few = 64
}

extension Statistics {
  /// The tokens that every expert saw, in the order of layers and experts; empty for a model without experts.
  public var expertCoverage: [ExpertCoverage] {
    let inputs = taps.compactMap { tap -> (key: (Int, String, Int), coverage: ExpertCoverage)? in
      guard let name = ExpertTensor(tap.name), name.tensor == ExpertTensor.input else { return nil }
      let layer = name.group.split(separator: ".").dropFirst().first.flatMap { Int($0) } ?? 0
      return (
        (layer, name.group, name.number),
        ExpertCoverage(expert: name.expert, tokens: Int(tap.count) / max(tap.channels.count, 1))
      )
    }
    return inputs.sorted { $0.key < $1.key }.map(\.coverage)
  }

  /// A warning for each expert that saw no token, or few.
  var expertFindings: [Diagnostic] {
    expertCoverage.filter { $0.tokens < ExpertCoverage.few }.map { coverage in
      Diagnostic(
        .expertCoverage,
        coverage.tokens == 0
          ? "calibration sent no token to this expert; it gets the ranges of its layer's other experts"
          : "calibration sent only \(coverage.tokens) token(s) to this expert; its ranges may be too narrow",
        at: .node(coverage.expert), hint: "calibrate on more text", severity: .warning)
    }
  }
}

extension RangeTable {
  /// Gives tensors of experts that calibration never reached the widest ranges of their layer's other experts.
  mutating func poolUnreached(_ statistics: Statistics) {
    var pools: [String: TensorRange] = [:]
    let named = statistics.taps.compactMap { tap in
      ExpertTensor(tap.name).map { (tap, pool: "\($0.group).\($0.tensor)") }
    }
    for (tap, pool) in named where tap.count > 0 {
      guard let range = ranges[tap.name] else { continue }
      pools[pool] = pools[pool]?.union(range) ?? range
    }
    for (tap, pool) in named where tap.count == 0 {
      if let range = pools[pool] { ranges[tap.name] = range }
    }
  }
}

extension TensorRange {
  /// The range that holds both.
  fileprivate func union(_ other: TensorRange) -> TensorRange {
    var result = self
    result.maximum = max(maximum, other.maximum)
    result.channels = zip(channels, other.channels).map { max($0, $1) }
    if clipped != nil || other.clipped != nil {
      result.clipped = max(clipped ?? maximum, other.clipped ?? other.maximum)
    }
    return result
  }
}
