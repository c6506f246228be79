import Testing

/// One of 97 of the damages that `make damage-test` tries, and all of the smaller families.
@Suite
struct DamageTests {
  @Test
  func oneOfMany() throws {
    let outcome = try Program.damage.run(["--short"])
    #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
    let last = outcome.output.split(separator: "\n").last ?? ""
    #expect(last.contains(" damages: ") && last.hasSuffix(", 0 failed"), "\(outcome.output)")
  }
}
