import CKernels

/// How large the elements of a tensor are: by channel, and in a histogram that is coarse enough for every tensor to have.
package struct MagnitudeProfile {
  /// A channel that stands out.
  package struct Outlier {
    /// The channel.
    let channel: Int
    /// Its largest magnitude over the median of all channels.
    let ratio: Double

    /// Which channel it is, and how far it stands out.
    package var text: String {
      let times = Int(exactly: ratio.rounded()).map { "\($0)" } ?? "\(ratio)"
      return "outlier channel \(channel): \(times)x the median"
    }
  }

  /// A bin holds magnitudes that agree in exponent and the first 5 bits of the fraction.
  private static let shift: UInt32 = 18
  private static let binCount = Int(0x7F80_0000 >> shift)

  /// The largest magnitude of each channel.
  private(set) var channels: [Float]
  private var counts = [Int](repeating: 0, count: binCount)

  /// A profile of nothing yet.
  package init(width: Int) { channels = Array(repeating: 0, count: width) }

  /// Takes in a row, `[width]`, of finite elements.
  package mutating func add(_ values: UnsafeBufferPointer<Float>) {
    for index in values.indices {
      let magnitude = abs(values[index])
      channels[index] = max(channels[index], magnitude)
      counts[min(Int(magnitude.bitPattern >> Self.shift), Self.binCount - 1)] += 1
    }
  }

  /// The channel whose largest magnitude is furthest above the median of all.
  package var outlier: Outlier? {
    let sorted = channels.sorted()
    guard let largest = sorted.last, let channel = channels.firstIndex(of: largest) else { return nil }
    let median = sorted[sorted.count / 2]
    return median > 0 ? Outlier(channel: channel, ratio: Double(largest) / Double(median)) : nil
  }

  /// Expected sums of squared errors of symmetric 8-bit codes whose largest stands for `clip`: of values that are
  /// rounded, and of those that are cut off.
  func error(clip: Double) -> (rounding: Double, clipping: Double) {
    let step = clip / 127
    var (rounding, clipping) = (0.0, 0.0)
    for bin in counts.indices where counts[bin] > 0 && bin > 0 {
      let middle = Double(Float(bitPattern: (UInt32(bin) << Self.shift) + (1 << (Self.shift - 1))))
      let excess = middle - clip
      if excess > 0 {
        clipping += Double(counts[bin]) * excess * excess
      } else {
        // What is far below a step becomes zero, and loses no more than itself.
        rounding += Double(counts[bin]) * min(step * step / 12, middle * middle)
      }
    }
    return (rounding, clipping)
  }

  /// The clip of least expected error, from the largest magnitude down in steps of an eighth of an octave.
  func leastErrorClip() -> Double {
    let largest = Double(channels.max() ?? 0)
    let clips = (0...48).map { largest * qk_exp(-Double($0) / 8 * 0.693_147_180_559_945_3) }
    func total(_ clip: Double) -> Double {
      let error = error(clip: clip)
      return error.rounding + error.clipping
    }
    return clips.map { ($0, total($0)) }.min { $0.1 < $1.1 }?.0 ?? largest
  }
}
