import JSONText
import Testing

@Suite struct EncodeTests {
  @Test(
    arguments: [
      (nil, "null"), (true, "true"), (-7, "-7"), (.integer(.min), "-9223372036854775808"), ([], "[]"),
      ([:], "{}"),
      ([1, [2, nil]], "[1,[2,null]]"), (["b": 1, "a": ["c": "d"]], #"{"b":1,"a":{"c":"d"}}"#),
      ("a/b\"\\\u{8}\u{C}\n\r\t", #""a/b\"\\\b\f\n\r\t""#),
      ("\u{1}\u{1F}\0é", "\"\\u0001\\u001f\\u0000é\""),
      (0.1, "0.1"), (1.0, "1.0"), (-0.0, "-0.0"), (1e300, "1e+300"),
      (.number(.leastNonzeroMagnitude), "5e-324"), (1e16, "1e+16"),
      (0.30000000000000004, "0.30000000000000004"), (.number(.infinity), "Infinity"),
      (.number(-.infinity), "-Infinity"),
      (.number(.nan), "NaN"),
    ] as [(JSONValue, String)])
  func compact(value: JSONValue, text: String) {
    #expect(JSONText.encode(value) == text)
  }

  @Test func pretty() {
    let value: JSONValue = ["name": "x", "list": [1, [2, "y"]], "none": [], "empty": [:]]
    #expect(
      JSONText.encode(value, pretty: true) == """
        {
          "name": "x",
          "list": [
            1,
            [
              2,
              "y"
            ]
          ],
          "none": [
          ],
          "empty": {
          }
        }
        """)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      let value = randomValue(depth: 5, &generator)
      for pretty in [false, true] {
        #expect(try JSONText.parse(JSONText.encode(value, pretty: pretty)) == value)
      }
    }
  }

  private func randomValue(depth: Int, _ generator: inout some RandomNumberGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
    case 0: return nil
    case 1: return .bool(.random(using: &generator))
    case 2: return .integer(.random(in: .min ... .max, using: &generator))
    case 3:
      let number = Double(bitPattern: generator.next())
      return .number(number.isFinite ? number : 0)
    case 4: return .string(randomText(&generator))
    case 5:
      return .array((0..<3).map { _ in randomValue(depth: depth - 1, &generator) })
    default:
      return .object(
        (0..<12).map { _ in (randomText(&generator), randomValue(depth: depth - 2, &generator)) })
    }
  }

  private func randomText(_ generator: inout some RandomNumberGenerator) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0..<6, using: &generator) {
      let limit: UInt32 = .random(using: &generator) ? 0x80 : 0x110000
      text.unicodeScalars.append(Unicode.Scalar(.random(in: 0..<limit, using: &generator)) ?? "\0")
    }
    return text
  }
}
