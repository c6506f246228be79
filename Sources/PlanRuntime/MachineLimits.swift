/// What a machine can do at most with so many threads.
public struct MachineLimits: Equatable, Sendable {
  /// Bytes a second that all threads read from memory, one stream each.
  public var readBandwidth: Double
  /// Multiply-accumulates of int8 a second, from registers.
  public var int8Rate: Double
  /// Fused multiply-adds of float32 a second, from registers.
  public var floatRate: Double

  /// Makes limits from rates a second.
  public init(readBandwidth: Double, int8Rate: Double, floatRate: Double) {
    self.readBandwidth = readBandwidth
    self.int8Rate = int8Rate
    self.floatRate = floatRate
  }

  /// The mean of two measurements, one before and one after what is held against them.
  public static func mean(_ first: MachineLimits, _ second: MachineLimits) -> MachineLimits {
    MachineLimits(
      readBandwidth: (first.readBandwidth + second.readBandwidth) / 2,
      int8Rate: (first.int8Rate + second.int8Rate) / 2,
      floatRate: (first.floatRate + second.floatRate) / 2)
  }
}
