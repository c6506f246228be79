import CKernels
import PlanFormat

/// What would make a tensor's 8-bit codes better.
struct MendingHint {
  /// Below this ratio, in decibels, something is worth mending.
  private static let poor = 30.0
  /// A channel that is this much above the median decides the scale of all.
  private static let outlierRatio = 10.0

  /// The tensor whose codes these are.
  struct Codes {
    let name: String
    /// One scale, one for each channel, or none for float32.
    let scales: [Float]
    /// What the float model has there.
    let profile: MagnitudeProfile
  }

  let tensor: Codes
  /// What the instruction that writes the tensor reads.
  let inputs: [Codes]
  /// What the instruction alone loses.
  let error: TapError

  /// The advice; nil where there is none to give.
  var text: String? {
    guard error.signalToNoise < Self.poor else { return nil }
    var advice = [clip, Self.outlier(tensor)].compactMap { $0 }
    advice += inputs.compactMap { input in Self.outlier(input).map { "its input \(input.name) has an \($0)" }
    }
    if advice.isEmpty, !tensor.scales.isEmpty { advice = ["keep it in float: --keep '\(tensor.name)'"] }
    return advice.isEmpty ? nil : advice.joined(separator: "; ")
  }

  /// Whether another range would do better, by at least 1 dB.
  private var clip: String? {
    guard tensor.scales.count == 1 else { return nil }
    let present = 127 * Double(tensor.scales[0])
    let now = tensor.profile.error(clip: present)
    let best = tensor.profile.leastErrorClip()
    let then = tensor.profile.error(clip: best)
    let gain = Self.decibels((now.rounding + now.clipping) / (then.rounding + then.clipping))
    guard gain >= 1, gain.isFinite else { return nil }
    let shown = (gain * 10).rounded() / 10
    return best > present
      ? "saturates: a higher percentile, or the maximum, would give up to \(shown) dB"
      : "clip: least-error would give up to \(shown) dB"
  }

  /// Whether one channel takes the range of the only scale from the others.
  private static func outlier(_ codes: Codes) -> String? {
    guard codes.scales.count == 1, let outlier = codes.profile.outlier, outlier.ratio >= outlierRatio
    else { return nil }
    return "\(outlier.text): rotation or smoothing"
  }

  private static func decibels(_ ratio: Double) -> Double {
    ratio > 0 ? 10 * qk_log(ratio) / qk_log(10) : 0
  }
}

extension PlanView {
  /// The scales of a buffer of codes; none for float32.
  func scales(of buffer: Buffer) -> [Float] {
    buffer.scale.isAbsent ? [] : floats(buffer.scale)
  }

  /// The elements of a vector of float32, without padding.
  func floats(_ id: ConstantID) -> [Float] {
    let bytes = UnsafeRawBufferPointer(rebasing: memory[constantRange(id)])
    return (0..<Int(constant(id).d0)).map {
      bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
    }
  }
}
