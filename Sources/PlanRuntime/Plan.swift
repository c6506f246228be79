public import PlanFormat

/// A verified plan in memory, immutable; any number of contexts share it.
public final class Plan: Sendable {
  /// The plan's records; they are read in place, so the view must not outlive the plan.
  public let view: PlanView
  private let memory: Memory

  /// Maps a plan file and verifies it.
  ///
  /// The file may be replaced by rename while it is in use, not truncated.
  ///
  /// - Throws: `PlanLoadError`.
  public convenience init(path: String) throws(PlanLoadError) {
    let memory = try Memory(path: path)
    try self.init(memory: memory, count: memory.count)
  }

  /// Copies a plan's bytes and verifies them.
  ///
  /// - Throws: `PlanLoadError`.
  public convenience init(bytes: [UInt8]) throws(PlanLoadError) {
    guard let memory = Memory(zeroed: bytes.count) else { throw .read(path: "memory", errno: 12) }
    UnsafeMutableRawBufferPointer(start: memory.base, count: bytes.count).copyBytes(from: bytes)
    try self.init(memory: memory, count: bytes.count)
  }

  private init(memory: Memory, count: Int) throws(PlanLoadError) {
    do throws(PlanError) {
      view = try PlanView(verifying: UnsafeRawBufferPointer(start: memory.base, count: count))
    } catch {
      throw .invalid(error)
    }
    self.memory = memory
  }

  /// Token ids are below this.
  public var vocabulary: Int { Int(view.model.vocabulary) }

  /// Layers of the source model.
  public var layers: Int { Int(view.model.layers) }

  /// The tokenizer's tables, empty when the plan has none; valid while the plan lives.
  public var tokenizerSection: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: view.memory[view.range(of: .tokenizer)])
  }

  /// The value of a metadata key, or nil when there is none.
  public func metadata(_ key: String) -> String? { view.metadata(key) }
}

extension Plan {
  /// Bytes of the plan file.
  public var byteCount: Int { view.memory.count }
}
