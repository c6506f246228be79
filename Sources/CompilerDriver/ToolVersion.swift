/// The version of this tool.
public enum ToolVersion {
  /// Semantic version.
  public static let number = "0.1.0"
  /// Name and version, as plans record it.
  public static let text = "swift-quamba \(number)"
}
