public import PlanRuntime

/// What a plan is compared with.
public enum Baseline: Sendable {
  /// A plan that runs in lock step.
  case plan(Plan)
  /// What a plan computed earlier for the same windows.
  case stored(any StoredRows)
}

/// The rows that a baseline once computed, one for each target scored, window after window.
public protocol StoredRows: Sendable {
  /// Logits of a row.
  var vocabulary: Int { get }
  /// How many rows there are.
  var count: Int { get }
  /// Gives a row, and its logits relative to the largest, `[vocabulary]`.
  func read(_ row: Int, into logits: UnsafeMutableBufferPointer<Float>) -> StoredRow
}

/// What is stored of a row beside its logits; both are exact.
public struct StoredRow: Equatable, Sendable {
  /// −log of the target's probability, in nats.
  public var nll: Double
  /// The token with the largest logit.
  public var topToken: Int

  /// Makes a row from both.
  public init(nll: Double, topToken: Int) {
    self.nll = nll
    self.topToken = topToken
  }
}

/// Logits as 16-bit codes: code c stands for c steps below the row's largest logit.
public enum RowCodes {
  /// Logits further below the largest are stored as this far below: less than e^−64 of the probability is lost.
  static let deepest: Float = 64

  /// Codes a row of finite logits, `[vocabulary]`, at least one, into `[vocabulary]`.
  ///
  /// - Returns: the step in nats, at most 64 / 65,535; every logit that is less than 64 below the largest is kept within
  ///   half a step, but for the rounding of float32.
  public static func encode(
    _ logits: UnsafeBufferPointer<Float>, into codes: UnsafeMutableBufferPointer<UInt16>
  ) -> Float {
    var (peak, lowest) = (-Float.infinity, Float.infinity)
    for logit in logits {
      peak = max(peak, logit)
      lowest = min(lowest, logit)
    }
    let step = min(peak - lowest, deepest) / 65_535
    let inverse = step > 0 ? 1 / step : 0
    for index in logits.indices {
      codes[index] = UInt16(min((peak - logits[index]) * inverse, 65_535).rounded(.toNearestOrEven))
    }
    return step
  }

  /// Gives the logits of codes, relative to the largest.
  ///
  /// - Parameters:
  ///   - codes: 16-bit integers of this machine's byte order at any address, `[vocabulary]`.
  ///   - logits: as many elements.
  public static func decode(
    _ codes: UnsafeRawBufferPointer, step: Float, into logits: UnsafeMutableBufferPointer<Float>
  ) {
    for index in logits.indices {
      logits[index] = -step * Float(codes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
    }
  }
}

/// A row of the baseline as it is to be stored; its codes are valid during the call.
public struct RecordedRow {
  /// Target and top token.
  public let row: StoredRow
  /// What one code stands for, in nats.
  public let step: Float
  /// Codes of the logits, `[vocabulary]`.
  public let codes: UnsafeBufferPointer<UInt16>
}
