import Calibration

/// The histogram of one tensor with its clip: magnitudes from left to right, how many there are upwards.
struct HistogramChart {
  private static let octaves = 20
  private let name: String
  private let histogram: Histogram
  private let clip: Float?
  private let steps: [Histogram.Step]
  private let (left, right): (Double, Double)

  init(name: String, histogram: Histogram, clip: Float?) {
    self.name = name
    self.histogram = histogram
    self.clip = clip
    steps = histogram.outline(octaves: Self.octaves)
    left = Octaves.of(Double(max(steps.first?.lower ?? 0, .leastNormalMagnitude)))
    right = max(Octaves.of(Double(steps.last?.upper ?? 1)), left + 1)
  }

  var html: HTML {
    """
    <figure><figcaption><b>\(name)</b> \(legend)</figcaption>
    <svg viewBox="0 0 1000 200" preserveAspectRatio="none" role="img" aria-label="histogram of \(name)">
    <path class="area" d="\(outline)"/>\(mark)</svg>
    <div class="ticks">\(ticks)</div></figure>

    """
  }

  private var legend: String {
    let maximum = "maximum \(Figure.text(Double(histogram.maximum)))"
    guard let clip else { return "\(maximum), one scale for each channel" }
    let share = histogram.share(above: clip)
    let above = share > 0 ? ", \(Figure.percent(share)) above it" : ""
    return "\(maximum), clip \(Figure.text(Double(clip)))\(above)"
  }

  /// Across, 0 to 1000.
  private func across(_ magnitude: Float) -> Double {
    min(max((Octaves.of(Double(magnitude)) - left) / (right - left), 0), 1) * 1000
  }

  /// The steps as an area; heights are in octaves of the count.
  private var outline: String {
    let top = steps.map { Octaves.of(Double($0.count) + 1) }.max() ?? 1
    var path = "M0 200"
    for step in steps {
      let height = Figure.coordinate(200 - 190 * Octaves.of(Double(step.count) + 1) / max(top, 1))
      path +=
        "L\(Figure.coordinate(across(step.lower))) \(height)L\(Figure.coordinate(across(step.upper))) \(height)"
    }
    return path + "L1000 200Z"
  }

  private var mark: HTML {
    guard let clip, clip < histogram.maximum else { return "" }
    let place = Figure.coordinate(across(clip))
    return "<line class=\"clip\" x1=\"\(place)\" x2=\"\(place)\" y1=\"0\" y2=\"200\"/>"
  }

  /// Every fourth power of two.
  private var ticks: [HTML] {
    stride(from: (left / 4).rounded(.up) * 4, through: right, by: 4).map { octave in
      let place = Figure.coordinate((octave - left) / (right - left) * 100)
      return
        "<span style=\"left:\(place)%\">\(Figure.text(Double(sign: .plus, exponent: Int(octave), significand: 1)))</span>"
    }
  }
}
