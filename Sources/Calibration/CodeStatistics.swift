/// What was seen of the int8 codes of one tensor; exact, so that statistics of parts add up to those of the whole.
public struct CodeStatistics: Equatable, Sendable {
  /// Rows seen.
  public let count: Int
  /// Sum of the codes of each channel, `[width]`.
  public let sums: [Int64]
  /// Sums of products of two channels' codes, `[width, width]`, on the diagonal and above it; empty where not asked for.
  public let gram: [Int64]
}
