import PlanFormat

/// Places every buffer in the arena of its program, so that buffers alive at the same time never overlap.
enum ArenaPlanner {
  private struct Lifetime {
    let buffer: Int
    let first: Int
    var last: Int
  }

  /// Sets the offsets of all buffers and the bytes per row of both programs.
  ///
  /// First fit by the time of first use.
  /// - Complexity: O(buffers · live buffers).
  static func assignOffsets(_ draft: inout PlanDraft) {
    let lifetimes = lifetimes(of: draft)
    for program in Program.allCases {
      var live: [(last: Int, range: Range<UInt32>)] = []
      var end: UInt32 = 0
      for lifetime in lifetimes where draft.buffers[lifetime.buffer].program == program {
        live.removeAll { $0.last < lifetime.first }
        let size = UInt32(draft.buffers[lifetime.buffer].bytesPerRow)
        let offset = firstGap(of: size, between: live.map(\.range))
        draft.buffers[lifetime.buffer].offset = offset
        live.append((lifetime.last, offset..<(offset + size)))
        end = max(end, offset + size)
      }
      switch program {
      case .body: draft.model.bodyBytesPerRow = end
      case .head: draft.model.headBytesPerRow = end
      }
    }
  }

  private static func lifetimes(of draft: PlanDraft) -> [Lifetime] {
    var found: [Int: Lifetime] = [:]
    for (index, instruction) in draft.instructions.enumerated() {
      for buffer in instruction.buffers {
        let key = Int(buffer.rawValue)
        found[key, default: Lifetime(buffer: key, first: index, last: index)].last = index
      }
    }
    let logits = Int(draft.model.logits.rawValue)
    found[logits]?.last = draft.instructions.count
    return found.values.sorted { ($0.first, $0.buffer) < ($1.first, $1.buffer) }
  }

  private static func firstGap(of size: UInt32, between ranges: [Range<UInt32>]) -> UInt32 {
    var offset: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound >= offset + size { break }
      offset = max(offset, range.upperBound)
    }
    return offset
  }
}

extension Instruction {
  /// The buffers that the instruction reads or writes.
  var buffers: [BufferID] {
    opcode.spec.words.enumerated().compactMap { index, word in
      switch word.kind {
      case .input, .output, .update: BufferID(words[index]).isAbsent ? nil : BufferID(words[index])
      default: nil
      }
    }
  }
}
