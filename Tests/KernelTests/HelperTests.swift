import CKernels
import Glibc
import Testing

@Suite("Numeric helpers", .serialized)
struct HelperTests {
  static let counts = [0, 1, 15, 16, 17, 63, 64, 65, 1000]

  private func floats(_ count: Int, seed: UInt64) -> [Float] {
    var generator = Generator(seed: seed)
    return (0..<count).map { _ in generator.awkwardFloat() }
  }

  @Test("every half and every bfloat16 pattern widens exactly")
  func widen() {
    let patterns = (0..<65536).map { UInt16($0) }
    onEveryISA {
      var wide = [Float](repeating: 0, count: 65536)
      qk_widen(patterns, QK_F16, 65536, &wide)
      #expect(
        patterns.allSatisfy { bits in
          let want = halfValue(bits), got = wide[Int(bits)]
          return want.isNaN ? got.isNaN : want.bitPattern == got.bitPattern
        })
      qk_widen(patterns, QK_BF16, 65536, &wide)
      #expect(patterns.allSatisfy { wide[Int($0)].bitPattern == UInt32($0) << 16 })
      for count in Self.counts {
        var some = [Float](repeating: 7, count: count + 1)
        qk_widen(patterns, QK_F16, count, &some)
        #expect(some[count] == 7)
        #expect((0..<count).allSatisfy { some[$0] == halfValue(UInt16($0)) })
      }
    }
  }

  @Test("a single infinity or NaN is found wherever it stands")
  func finite() {
    onEveryISA {
      for count in Self.counts {
        var single = floats(count, seed: 1)
        var half = [UInt16](repeating: 0x7bff, count: count)
        var brain = [UInt16](repeating: 0xff7f, count: count)
        #expect(qk_all_finite(single, QK_F32, count))
        #expect(qk_all_finite(half, QK_F16, count))
        #expect(qk_all_finite(brain, QK_BF16, count))
        for index in 0..<count {
          let keep = single[index]
          single[index] = index % 2 == 0 ? .nan : -.infinity
          half[index] = index % 2 == 0 ? 0x7c01 : 0xfc00
          brain[index] = index % 2 == 0 ? 0xff81 : 0x7f80
          #expect(!qk_all_finite(single, QK_F32, count))
          #expect(!qk_all_finite(half, QK_F16, count))
          #expect(!qk_all_finite(brain, QK_BF16, count))
          single[index] = keep
          half[index] = 0
          brain[index] = 0
        }
      }
    }
  }

  @Test("maxima and histograms")
  func observers() {
    onEveryISA {
      for count in Self.counts {
        let x = floats(count, seed: 2), y = floats(count, seed: 3)
        #expect(qk_max_abs(x, count) == x.map(abs).max() ?? 0)
        var running = y.map(abs)
        qk_running_max_abs(x, count, &running)
        #expect(running == zip(x, y).map { max(abs($0), abs($1)) })
        var counts = [UInt64](repeating: 0, count: 1 << 17)
        qk_histogram_abs(x, count, &counts)
        var expected = [UInt64](repeating: 0, count: 1 << 17)
        for value in x { expected[Int(abs(value).bitPattern >> 14)] += 1 }
        #expect(counts == expected)
      }
    }
  }

  @Test("errors of codes add up in the order that is promised")
  func codeError() {
    onEveryISA {
      for (count, limit) in Self.counts.flatMap({ [($0, Float(127)), ($0, Float(7))] }) {
        let x = floats(count, seed: 9)
        var sums = [Float](repeating: 0, count: 16)
        for (index, value) in x.enumerated() {
          let code = min(max(value * 31, -limit), limit).rounded(.toNearestOrEven)
          let error = value.addingProduct(-code, 0.03)
          sums[index % 16] = sums[index % 16].addingProduct(error, error)
        }
        for half in [8, 4, 2, 1] { for lane in 0..<half { sums[lane] += sums[lane + half] } }
        #expect(qk_code_error(x, count, 31, 0.03, limit, nil).bitPattern == sums[0].bitPattern)
      }
    }
  }

  @Test("rows quantize as defined")
  func quantizeRow() {
    onEveryISA {
      for count in Self.counts {
        let x = floats(count, seed: 4)
        var q = [Int8](repeating: 99, count: count + 1)
        qk_quantize_row(x, count, 31, -127, 127, &q)
        #expect(q[count] == 99)
        #expect(q.dropLast() == x.map { max(quantized($0 * 31), -127) }[...])
        qk_quantize_row(x, count, 3, -7, 7, &q)
        #expect(q.dropLast() == x.map { min(max(quantized($0 * 3), -7), 7) }[...])
      }
    }
  }

  @Test("int8 panels", arguments: [1, 3, 15, 16])
  func packInt8(rows: Int) {
    onEveryISA {
      for k in [1, 4, 15, 16, 17, 20, 63, 104] {
        let k4 = (k + 3) / 4 * 4, stride = k + 3
        let x = floats(rows * stride, seed: UInt64(k))
        let inverse = (0..<rows).map { Float(10 + $0) }
        var panel = [Int8](repeating: 55, count: k4 * 16), correction = [Int32](repeating: 55, count: 16)
        qk_pack_panel_i8(x, stride, UInt32(rows), k, k4, inverse, &panel, &correction)
        var expected = [Int8](repeating: 0, count: k4 * 16), sums = [Int32](repeating: 0, count: 16)
        for row in 0..<rows {
          for index in 0..<k {
            let q = max(quantized(x[row * stride + index] * inverse[row]), -127)
            expected[index / 4 * 64 + row * 4 + index % 4] = q
            sums[row] -= 128 * Int32(q)
          }
        }
        #expect(panel == expected)
        #expect(correction == sums)
      }
    }
  }

  @Test("float panels", arguments: [1, 15, 16])
  func packFloat(rows: Int) {
    onEveryISA {
      for k in [1, 15, 16, 17, 64, 65] {
        let stride = k + 1
        let wide = (0..<rows * stride).map { UInt32($0) &* 2_654_435_761 }
        var panel = [UInt32](repeating: 9, count: k * 16)
        qk_pack_panel(wide, stride, UInt32(rows), k, 4, &panel)
        let narrow = wide.map { UInt16(truncatingIfNeeded: $0) }
        var narrowPanel = [UInt16](repeating: 9, count: k * 16)
        qk_pack_panel(narrow, stride, UInt32(rows), k, 2, &narrowPanel)
        for index in 0..<k {
          for row in 0..<16 {
            let want = row < rows ? wide[row * stride + index] : 0
            #expect(panel[index * 16 + row] == want)
            #expect(narrowPanel[index * 16 + row] == UInt16(truncatingIfNeeded: want))
          }
        }
      }
    }
  }

  @Test("double exp and log are within one unit in the last place")
  func elementary() {
    var generator = Generator(seed: 9)
    var results: [[UInt64]] = []
    let x = (0..<20000).map { _ in Double.random(in: -744...709, using: &generator) }
    let small = (0..<20000).map { _ in Double.random(in: -1...1, using: &generator) }
    let positive =
      x.map { exp($0) } + small.map { 1 + $0 * 1e-3 } + [.leastNonzeroMagnitude, 1, .greatestFiniteMagnitude]
    onEveryISA {
      var bits: [UInt64] = []
      for value in x + small {
        let y = qk_exp(value), want = exp(value)
        #expect(abs(y - want) <= want.ulp)
        bits.append(y.bitPattern)
      }
      for value in positive where value > 0 {
        let y = qk_log(value), want = log(value)
        #expect(abs(y - want) <= want.ulp)
        bits.append(y.bitPattern)
      }
      results.append(bits)
    }
    for result in results { #expect(result == results[0]) }
    #expect(qk_exp(0) == 1)
    #expect(qk_exp(-1000) == 0)
    #expect(qk_exp(1000) == .infinity)
    #expect(qk_exp(.nan).isNaN)
    #expect(qk_log(1) == 0)
    #expect(qk_log(0) == -.infinity)
    #expect(qk_log(-1).isNaN)
    #expect(qk_log(.infinity) == .infinity)
  }
}
