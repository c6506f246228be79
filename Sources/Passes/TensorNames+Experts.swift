/// The name of an expert's tensor, such as `layers.1.mlp.experts.3.h`, taken apart.
public struct ExpertTensor: Sendable {
  /// What the experts of one layer have in common, such as `layers.1.mlp.experts`.
  public let group: String
  /// The expert's number.
  public let number: Int
  /// The rest, such as `h`.
  public let tensor: String

  /// Nil for a tensor that is no expert's.
  public init?(_ name: String) {
    let parts = name.split(separator: ".")
    guard let place = parts.firstIndex(of: "experts"), place + 2 < parts.count,
      let number = Int(parts[place + 1])
    else { return nil }
    group = parts[...place].joined(separator: ".")
    self.number = number
    tensor = parts[(place + 2)...].joined(separator: ".")
  }

  /// The expert's own name, such as `layers.1.mlp.experts.3`.
  public var expert: String { "\(group).\(number)" }

  /// The tensor that holds what was dispatched to an expert.
  public static let input = "norm"
}
