import FuzzTargets
import JSONText
import Testing

/// Changes of JSON by values.
struct MutationTests {
  private static let text = Array(#"{"a":[1,2,{"b":"c,]\""}],"d":null,"e":{"f":-1.5e3}}"#.utf8)

  @Test("most changed texts are JSON still, and most are new")
  func staysJSON() {
    let changed = (0..<600).compactMap { seed in
      FuzzTarget.json.changingJSON(of: Self.text, seed: seed) { $0 }
    }
    #expect(changed.count == 600)
    #expect(changed.count { (try? JSONText.parse($0)) != nil } > 300)
    #expect(Set(changed).count > 100)
  }

  @Test("a changed header of tensors states its own length")
  func statesLength() throws {
    let file: [UInt8] = [UInt8(Self.text.count), 0, 0, 0, 0, 0, 0, 0] + Self.text + [7, 7]
    for seed in 0..<100 as Range<UInt64> {
      let changed = try #require(FuzzTarget.safetensors.changingJSON(of: file, seed: seed) { $0 })
      #expect(Int(changed[0]) == changed.count - 10)
      #expect(changed.suffix(2) == [7, 7])
    }
  }

  @Test(
    "bytes that are no JSON are left to be changed by bytes", arguments: [[], [0x7D], [0x22, 0x5C], [0x5B]])
  func survives(_ bytes: [UInt8]) {
    for seed in 0..<50 as Range<UInt64> {
      _ = FuzzTarget.json.changingJSON(of: bytes, seed: seed) { $0 }
      _ = FuzzTarget.safetensors.changingJSON(of: bytes, seed: seed) { $0 }
    }
  }
}
