public import Calibration
import Digests

extension Statistics {
  /// SHA-256 of the statistics file.
  public var digest: String { Digests.sha256(Array(text.utf8)).hex }
}
