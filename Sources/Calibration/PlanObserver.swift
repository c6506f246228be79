import PlanFormat
import PlanRuntime

/// The observers of all float32 buffers that a plan's instructions write.
final class PlanObserver {
  /// One write of one buffer.
  private struct Write: Hashable {
    let instruction: Int
    let buffer: BufferID
  }

  private var byWrite: [Write: TapObserver] = [:]
  private var byName: [String: TapObserver] = [:]
  private let scratch: ObserverScratch

  init(view: PlanView, percentileTaps: Set<String>, threads: Int) throws(CalibrationError) {
    scratch = ObserverScratch(threads: threads)
    for index in 0..<view.instructionCount {
      let instruction = view.instruction(index)
      for id in instruction.buffersWritten where view.buffer(id).type == .f32 {
        let buffer = view.buffer(id)
        // A sum has no buffer of its own, so it goes by the name of the instruction that adds.
        let name = view.string(instruction.accumulates ? instruction.name : buffer.name)
        let observer = try observer(of: name, width: Int(buffer.width), percentileTaps)
        byWrite[Write(instruction: index, buffer: id)] = observer
      }
    }
    let unknown = percentileTaps.filter { byName[$0] == nil }
    guard unknown.isEmpty else { throw .unknownTaps(unknown.sorted()) }
  }

  private func observer(
    of name: String, width: Int, _ percentileTaps: Set<String>
  ) throws(CalibrationError) -> TapObserver {
    let observer =
      byName[name]
      ?? TapObserver(name: name, width: width, hasHistogram: percentileTaps.contains(name))
    guard observer.width == width else { throw .widths(tap: name, observer.width, width) }
    byName[name] = observer
    return observer
  }

  func observe(_ event: TapEvent) {
    byWrite[Write(instruction: event.instruction, buffer: event.buffer)]?.observe(event, scratch: scratch)
  }

  /// The first tap, by name, that saw a NaN or an infinity.
  var specialTap: String? { byName.values.filter(\.sawSpecial).map(\.name).min() }

  /// What was seen, ascending by name; nothing can be observed afterwards.
  func finish() -> [TapStatistics] { byName.values.map { $0.finish() }.sorted { $0.name < $1.name } }
}

extension Instruction {
  /// Whether the result is added to what the output holds.
  fileprivate var accumulates: Bool { opcode == .linear && self[.accumulate] != 0 }
}
